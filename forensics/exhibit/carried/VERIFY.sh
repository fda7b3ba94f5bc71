#!/bin/sh
# Checks the exhibit that this file lies in. Type:  sh VERIFY.sh
#
# Needs a POSIX shell, coreutils, sed, grep, openssl, and ssh-keygen of OpenSSH 9.1 or later; no network, no secret.
# Every problem is printed. The last line is VERIFIED or NOT VERIFIED; the exit code is 0 or 1.
#
# A forged script would say VERIFIED of anything. Get this file from somebody that you trust, or compare its SHA-256
# with one that you got elsewhere, or type the commands of VERIFY.txt yourself.

LC_ALL=C
export LC_ALL
unset CDPATH
umask 077
set -u

work=$(mktemp -d) || exit 1
ended=no
trap 'rm -rf "$work"; [ "$ended" = yes ] || { echo "NOT VERIFIED (the check did not come to its end)"; exit 1; }' EXIT
trap 'exit 1' HUP INT TERM
cd -P -- "$(dirname -- "$0")" || exit 1
: > "$work/problems"
: > "$work/found"
: > "$work/ring"
: > "$work/lower"
: > "$work/upper"
: > "$work/times"
mkdir "$work/proven"

# Names and texts come from whoever sent this: nothing of them reaches the screen but printable characters.
exec 3>&1
clean() { printf '%s' "$1" | cut -c1-200 | tr -c '\040-\176\n' '?'; }
problem() { echo "PROBLEM  $(clean "$1")" >&3; echo x >> "$work/problems"; }
good() { echo "ok       $(clean "$1")" >&3; }
note() { echo "NOTE     $(clean "$1")" >&3; }

for tool in openssl ssh-keygen sed grep sort comm cut tr wc head tail cat date base64 fold mktemp; do
  command -v "$tool" > /dev/null || { echo "this needs $tool"; exit 1; }
done
if command -v sha256sum > /dev/null; then
  sha256() { sha256sum; }
  check256() { sha256sum -c "$1"; }
  check512() { sha512sum -c "$1"; }
else
  sha256() { shasum -a 256; }
  check256() { shasum -a 256 -c "$1"; }
  check512() { shasum -a 512 -c "$1"; }
fi
digest_of() { sha256 < "$1" | cut -d' ' -f1; }
seconds() { date -u -d "$1" +%s 2> /dev/null || date -j -u -f '%Y-%m-%dT%H:%M:%SZ' "$1" +%s 2> /dev/null; }

HEX='[0-9a-f]{64}'
PLAIN='[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*'
TEXT='"([^"\\]|\\.)*"'
VALUE="($TEXT|-?[0-9]+)"
MOMENT='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z'
LINE="\\{\"case\":$TEXT,\"detail\":\\{($TEXT:$VALUE(,$TEXT:$VALUE)*)?\\},\"event\":\"[a-z ]+\",\"item\":(null|\"$HEX\")"
LINE="$LINE,\"operator\":$TEXT,\"prev\":\"$HEX\",\"run\":$TEXT,\"seq\":(0|[1-9][0-9]{0,14}),\"time\":\"$MOMENT\"\\}"

echo "== files"
# Every file below, by name. A link, or a name that ours never have, is a problem.
walk() {
  for path in "$1"* "$1".[!.]* "$1"..?*; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    name=${path#./}
    case $name in
      *[!A-Za-z0-9_./-]* | .* | */.* | -* | */-*) problem "a name that no file of an exhibit has: $name"; continue ;;
    esac
    if [ -L "$path" ]; then problem "a link: $name"
    elif [ -d "$path" ]; then walk "$path/"
    elif [ -f "$path" ]; then printf '%s\n' "$name" >> "$work/found"
    else problem "no regular file: $name"; fi
  done
}
walk ./
sort "$work/found" > "$work/files"
grep '^data/' "$work/files" > "$work/files.data"
grep -v '^data/' "$work/files" > "$work/files.tags"

# listed FILE DIGITS: the names in a manifest, after its form was found to be the one that is written.
listed() {
  if [ ! -f "$1" ] || [ -L "$1" ] || [ ! -s "$1" ]; then problem "$1 is missing"; return 1; fi
  if grep -q -v -x -E "[0-9a-f]{$2}  $PLAIN" "$1"; then problem "$1 has a line of another form"; return 1; fi
  cut -d' ' -f3 "$1"
}
compare() {  # compare NAMES FILES WHERE
  comm -13 "$1" "$2" | while IFS= read -r name; do problem "in no manifest: $name"; done
  comm -23 "$1" "$2" | while IFS= read -r name; do problem "$3 names a file that is not there: $name"; done
}
digests() {  # digests CHECK MANIFEST
  "$1" "$2" 2> /dev/null | grep -v ': OK$' | while IFS= read -r name; do problem "$2: $name"; done
}
for kind in 256 512; do
  if listed "manifest-sha$kind.txt" $((kind / 4)) > "$work/names"; then
    sort -u "$work/names" > "$work/names.sorted"
    [ "$(wc -l < "$work/names")" -eq "$(wc -l < "$work/names.sorted")" ] || problem "manifest-sha$kind.txt names a file twice"
    grep -q -v '^data/' "$work/names" && problem "manifest-sha$kind.txt names a file outside data/"
    compare "$work/names.sorted" "$work/files.data" "manifest-sha$kind.txt"
    digests "check$kind" "manifest-sha$kind.txt"
  fi
done
if listed tagmanifest-sha256.txt 64 > "$work/names"; then
  printf 'tagmanifest-sha256.txt\nseal/tagmanifest-sha256.txt.sig\n' | cat - "$work/names" | sort > "$work/names.sorted"
  compare "$work/names.sorted" "$work/files.tags" tagmanifest-sha256.txt
  for name in bagit.txt bag-info.txt manifest-sha256.txt manifest-sha512.txt; do
    grep -q -x "$name" "$work/names" || problem "tagmanifest-sha256.txt does not name $name"
  done
  digests check256 tagmanifest-sha256.txt
fi
printf 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n' > "$work/bagit"
[ -f bagit.txt ] && [ "$(digest_of bagit.txt)" = "$(digest_of "$work/bagit")" ] || problem "bagit.txt is not that of BagIt 1.0"
good "$(wc -l < "$work/files" | tr -d ' ') files looked at"

echo "== log"
checkpoint=data/log/checkpoint
size=0
root=
if [ -f $checkpoint ] && [ "$(wc -l < $checkpoint)" -eq 3 ] && sed -n 1p $checkpoint | grep -q '^footage-forensics/..*$' &&
  sed -n 2p $checkpoint | grep -q -x -E '[1-9][0-9]{0,14}' && sed -n 3p $checkpoint | grep -q -x -E '[A-Za-z0-9+/]{43}='; then
  size=$(sed -n 2p $checkpoint)
  root=$(sed -n 3p $checkpoint)
  echo "The head of the log that this exhibit relies on. Compare it with one that you were given, if it has the same number:"
  while IFS= read -r line; do echo "    $(clean "$line")"; done < $checkpoint
else
  problem "$checkpoint has not the three lines of a checkpoint"
fi

# The field that stands last is the top one: inside texts the quotation marks are escaped.
field() { sed -E "s/^.*$2.*\$/\\$3/" "$1"; }
seq_of() { field "$1" ',"seq":([0-9]+),"time":"[^"]*"\}' 1; }
time_of() { field "$1" ',"time":"([^"]*)"\}' 1; }
event_of() { field "$1" '\},"event":"([a-z ]+)","item":(null|"[0-9a-f]{64}"),"operator":' 1; }
item_of() { field "$1" ',"item":"([0-9a-f]{64})","operator":' 1; }
prev_of() { field "$1" ',"prev":"([0-9a-f]{64})","run":' 1; }
case_of() { sed -E "s/^\\{\"case\":($TEXT),\"detail\":.*\$/\\1/" "$1"; }
detail_of() { sed -n -E "s/^.*[{,]\"$2\":\"([^\"]*)\".*\$/\\1/p" "$1"; }  # the value as JSON writes it

# included LINE PROOF NUMBER: RFC 9162, 2.1.3.2.
included() {
  sed -e '1,2d' -e '/^$/,$d' "$2" > "$work/nodes"
  grep -q -v -x -E '[A-Za-z0-9+/]{43}=' "$work/nodes" && return 1
  [ "$(wc -l < "$work/nodes")" -le 64 ] || return 1
  { printf 'c2sp.org/tlog-proof@v1\nindex %s\n' "$3"; cat "$work/nodes"; echo; cat $checkpoint; } > "$work/proof"
  [ "$(digest_of "$work/proof")" = "$(digest_of "$2")" ] || return 1
  at=$3
  last=$((size - 1))
  [ "$at" -le "$last" ] || return 1
  { printf '\000'; cat "$1"; } | openssl dgst -sha256 -binary > "$work/node"
  while IFS= read -r sibling; do
    [ "$last" -ne 0 ] || return 1
    printf '%s\n' "$sibling" | base64 -d > "$work/sibling" || return 1
    if [ $((at & 1)) -eq 1 ] || [ "$at" -eq "$last" ]; then
      { printf '\001'; cat "$work/sibling" "$work/node"; } | openssl dgst -sha256 -binary > "$work/above"
      while [ "$at" -ne 0 ] && [ $((at & 1)) -eq 0 ]; do at=$((at >> 1)); last=$((last >> 1)); done
    else
      { printf '\001'; cat "$work/node" "$work/sibling"; } | openssl dgst -sha256 -binary > "$work/above"
    fi
    mv "$work/above" "$work/node"
    at=$((at >> 1))
    last=$((last >> 1))
  done < "$work/nodes"
  [ "$last" -eq 0 ] && [ "$(base64 < "$work/node" | tr -d '\n')" = "$root" ]
}
former=
count=0
for line in data/log/[0-9]*.json; do
  [ -f "$line" ] && [ ! -L "$line" ] || continue
  name=${line##*/}
  proof=${line%.json}.tlog-proof
  if [ "$(wc -l < "$line")" -ne 1 ] || ! grep -q -x -E "$LINE" "$line"; then problem "$name is no line of a log"; continue; fi
  seq=$(seq_of "$line")
  [ "$(printf '%09d' "$seq").json" = "$name" ] || problem "$name is line $seq of the log"
  sed -n 1p $checkpoint 2> /dev/null | sed -e 's/^footage-forensics\///' > "$work/origin"
  case $(case_of "$line") in
    "\"$(sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' "$work/origin")\"") ;;
    *\\*) note "$name names its case in JSON's spelling: compare by eye with line 1 of the checkpoint" ;;
    *) problem "$name is of another case than the checkpoint" ;;
  esac
  if [ -n "$former" ] && [ "$(seq_of "$former")" -eq $((seq - 1)) ]; then
    [ "$(prev_of "$line")" = "$(digest_of "$former")" ] || problem "$name does not go on from the line before it"
  fi
  former=$line
  if [ ! -f "$proof" ] || ! included "$line" "$proof" "$seq"; then
    problem "$name is not proved to be in the log under the checkpoint"
    continue
  fi
  cat "$line" > "$work/proven/$name"
  time_of "$line" >> "$work/times"
  count=$((count + 1))
done
good "$count lines are in the log under the checkpoint"
latest=$(sort "$work/times" | tail -n 1)

echo "== keys"
# in_force FINGERPRINT LINES: whether the log let this key sign when it had so many lines.
in_force() {
  while read -r known since until; do
    if [ "$known" = "$1" ] && [ "$since" -lt "$2" ]; then
      [ "$until" = - ] && return 0
      [ "$2" -le "$until" ] && return 0
    fi
  done < "$work/ring"
  return 1
}
first_key=
for line in "$work"/proven/*.json; do
  [ -f "$line" ] && [ "$(event_of "$line")" = "key change" ] || continue
  seq=$(seq_of "$line")
  act=$(detail_of "$line" what)
  public=$(detail_of "$line" public_key)
  key=$(detail_of "$line" key)
  printf '%s\n' "$public" > "$work/public"
  sed -n -E 's/^.*[{,]"signature":"(-----BEGIN SSH SIGNATURE-----\\n([A-Za-z0-9+\/=]+\\n)+-----END SSH SIGNATURE-----\\n)".*$/\1/p' "$line" |
    sed 's/\\n/\
/g' | sed '/^$/d' > "$work/signature"
  printf '{"case":%s,"public_key":"%s","what":"%s"}' "$(case_of "$line")" "$public" "$act" > "$work/statement"
  said=$(ssh-keygen -Y check-novalidate -n key@footage-forensics -s "$work/signature" < "$work/statement" 2> /dev/null) || said=
  signer=$(printf '%s\n' "$said" | sed -n 's/^.* key \(SHA256:[A-Za-z0-9+/]*\)$/\1/p')
  print=$(ssh-keygen -l -f "$work/public" 2> /dev/null | cut -d' ' -f2)
  if [ -z "$signer" ] || [ "$print" != "$key" ]; then problem "line $seq changes keys, and its signature does not hold"; continue; fi
  case $act in
    first)
      if [ -n "$first_key" ] || [ "$signer" != "$key" ]; then problem "line $seq brings a second first key"; continue; fi
      first_key=$seq
      echo "$key $seq -" >> "$work/ring" ;;
    admitted | retired | revoked)
      if ! in_force "$signer" "$seq"; then problem "line $seq changes keys, signed by a key not in force"; continue; fi
      if [ "$act" = admitted ]; then
        if cut -d' ' -f1 "$work/ring" | grep -q -x -F "$key"; then problem "line $seq lets a known key in again"; continue; fi
        echo "$key $seq -" >> "$work/ring"
      else
        while read -r known since until; do
          [ "$known" = "$key" ] && [ "$until" = - ] && until=$seq
          echo "$known $since $until"
        done < "$work/ring" > "$work/ring.new"
        mv "$work/ring.new" "$work/ring"
      fi ;;
    *) problem "line $seq changes keys in an unknown way" ;;
  esac
  printf '%s\n' "$public" >> "$work/publics"
done
: >> "$work/publics"
sort -u "$work/publics" > "$work/publics.log"
sed -E 's/^.* (ssh-ed25519|sk-ssh-ed25519@openssh.com) /\1 /' data/keys/allowed_signers 2> /dev/null | sort -u > "$work/publics.file"
[ "$(digest_of "$work/publics.log")" = "$(digest_of "$work/publics.file")" ] || problem "data/keys/allowed_signers has other keys than the log"
while read -r known since until; do good "$known, from line $since on, until line $until"; done < "$work/ring"
[ -s "$work/ring" ] || problem "the log names no key"

echo "== signatures"
# signed DOCUMENT SIGNATURE TYPE LINES TIME: by a key in force there, at that time, in the form that ssh-keygen writes.
signer=
signed() {
  signer=
  if [ ! -f "$2" ]; then problem "$1 has no signature"; return 1; fi
  { echo '-----BEGIN SSH SIGNATURE-----'
    sed -e '1d' -e '$d' "$2" | base64 -d 2> /dev/null | base64 | tr -d '\n' | fold -w 70
    echo; echo '-----END SSH SIGNATURE-----'; } > "$work/armour"
  [ "$(digest_of "$work/armour")" = "$(digest_of "$2")" ] || problem "$2 is not in the form that ssh-keygen writes"
  at=$(printf '%s\n' "$5" | sed -e 's/[-:T]//g' -e 's/[.].*$/Z/')
  said=$(ssh-keygen -Y verify -f data/keys/allowed_signers -I operator -n "$3@footage-forensics" -O verify-time="$at" -s "$2" < "$1" 2>&1) ||
    { problem "$1: the signature does not hold: $said"; return 1; }
  signer=$(printf '%s\n' "$said" | sed -n 's/^Good .* key \(SHA256:[A-Za-z0-9+/]*\)$/\1/p')
  in_force "$signer" "$4" || { problem "$1 is signed by $signer, which was not in force"; return 1; }
  good "$1, signed by $signer"
}
[ "$size" -eq 0 ] || signed $checkpoint $checkpoint.sig checkpoint "$size" "$latest"
signed tagmanifest-sha256.txt seal/tagmanifest-sha256.txt.sig exhibit "$size" "$latest" || signer=
exhibit_key=$signer

# told KIND DIGEST: the first proved line that names this document.
told() {
  for line in "$work"/proven/*.json; do
    if grep -q -F "\"$1\":\"$2\"" "$line"; then printf '%s\n' "$line"; return; fi
  done
}
document() {  # document FILE TYPE LINE: its signature; those older than the first key have none
  if [ ! -f "$1.sig" ] && { [ -z "$first_key" ] || [ "$(seq_of "$3")" -lt "$first_key" ]; }; then
    note "$1 has no signature: it is older than the first key"
  else
    signed "$1" "$1.sig" "$2" "$(seq_of "$3")" "$(time_of "$3")"
  fi
}

echo "== manifests"
END=',"supersedes":(null|"[0-9a-f]{64}"),"version":([1-9][0-9]*)\},"predicateType":"urn:footage-forensics:manifest:v1","subject":\[(.*)\]\}'
ENTRY="\\{\"annotations\":\\{\"size\":[0-9]+\\},\"digest\":\\{\"sha256\":\"$HEX\",\"sha512\":\"[0-9a-f]{128}\"\\},\"name\":\"$PLAIN\"\\}"
# subjects MANIFEST: its files, an entry a line.
subjects() {
  sed -n -E "s/^.*$END\$/\\3/p" "$1" | sed 's/},{"annotations"/}\
{"annotations"/g'
}
item=
: > "$work/manifests"
manifest() {  # manifest FILE VERSION
  if [ ! -f "$1" ] || [ -L "$1" ]; then problem "$1 is missing"; return; fi
  digest=$(digest_of "$1")
  echo "$digest" >> "$work/manifests"
  subjects "$1" > "$work/subjects"
  if [ "$(wc -l < "$1")" -ne 1 ] || [ ! -s "$work/subjects" ] || grep -q -v -x -E "$ENTRY" "$work/subjects"; then
    problem "$1 has not the form of a manifest"
    return
  fi
  [ "$(sed -n -E "s/^.*$END\$/\\2/p" "$1")" = "$2" ] || problem "$1 is not of version $2"
  supersedes=$(sed -n -E "s/^.*$END\$/\\1/p" "$1" | tr -d '"')
  [ "$supersedes" = "$superseded" ] || problem "$1 does not name the version before it"
  superseded=$digest
  item=$(sed -n 's/^.*"sha256":"\([0-9a-f]*\)".*"name":"original"}$/\1/p' "$work/subjects")
  line=$(told manifest "$digest")
  if [ -z "$line" ]; then problem "no proved line of the log names $1"; return; fi
  case $(event_of "$line") in
    ingestion | "metadata modification" | "information package merging") ;;
    *) problem "the line that names $1 takes nothing in" ;;
  esac
  [ "$(item_of "$line")" = "$item" ] || problem "the line that names $1 is of another item"
  grep -q -F "\"version\":$2}" "$line" || problem "the line that names $1 is of another version"
  document "$1" manifest "$line"
}
superseded=null
version=1
while [ -d "data/versions/v$version" ]; do manifest "data/versions/v$version/manifest.json" "$version"; version=$((version + 1)); done
manifest data/manifest.json "$version"
if [ -s "$work/subjects" ] && [ -f manifest-sha256.txt ] && [ -f manifest-sha512.txt ]; then
  for kind in 256 512; do
    sed -E "s/^.*\"sha$kind\":\"([0-9a-f]*)\".*\"name\":\"([^\"]*)\"\\}\$/\\1  data\\/\\2/" "$work/subjects" | sort > "$work/named"
    grep -v -E '  data/(manifest\.json|versions/|log/|findings/|keys/|disclosures/|interop/)' "manifest-sha$kind.txt" | sort > "$work/kept"
    comm -3 "$work/named" "$work/kept" | tr -d '\t' | while IFS= read -r name; do
      problem "manifest.json and manifest-sha$kind.txt differ: $name"
    done
  done
  good "manifest.json names $(wc -l < "$work/subjects" | tr -d ' ') files; the exhibit is SHA-256 $item"
fi
for line in "$work"/proven/*.json; do
  [ -f "$line" ] || continue
  digest=$(detail_of "$line" manifest)
  case $(event_of "$line") in
    ingestion | "metadata modification" | "information package merging") [ -z "$digest" ] || grep -q -x -F "$digest" "$work/manifests" || problem "the log names a manifest that is not here: $digest" ;;
    matching)
      digest=$(detail_of "$line" finding)
      grep -q "^$digest  data/findings/" manifest-sha256.txt || problem "the log names a finding that is not here: $digest" ;;
  esac
done
for file in data/findings/*.json; do
  [ -f "$file" ] && [ ! -L "$file" ] || continue
  line=$(told finding "$(digest_of "$file")")
  if [ -z "$line" ]; then problem "no proved line of the log names $file"; continue; fi
  ours=no
  while IFS= read -r digest; do grep -q -F "{\"sha256\":\"$digest\"}" "$file" && ours=yes; done < "$work/manifests"
  [ $ours = yes ] || problem "$file is not on this exhibit"
  document "$file" finding "$line"
done

echo "== times"
# stamped SIGNATURE: every token over it; its time goes into a file of seconds.
stamped() {
  for answer in "$1".*.tsr; do
    [ -f "$answer" ] && [ ! -L "$answer" ] || continue
    stem=${answer%.tsr}
    time=$(openssl ts -reply -in "$answer" -text 2> /dev/null | sed -n 's/^Time stamp: *//p' | sed 's/\.[0-9]* / /')
    at=$(seconds "$time")
    [ -n "$at" ] || at=$(date -j -u -f '%b %d %T %Y GMT' "$time" +%s 2> /dev/null)
    if [ -z "$at" ]; then problem "$answer is no answer of a time-stamp authority"; continue; fi
    if openssl ts -verify -attime "$at" -in "$answer" -queryfile "$stem.tsq" -CAfile "$stem.pem" > /dev/null 2>&1 &&
      openssl ts -verify -attime "$at" -in "$answer" -data "$1" -CAfile "$stem.pem" > /dev/null 2>&1; then
      good "$1 existed on $time, says the authority whose root has SHA-256 $(openssl x509 -in "$stem.pem" -outform DER 2> /dev/null | sha256 | cut -d' ' -f1)"
      echo "$at" >> "$2"
    else
      problem "$answer: the token does not hold"
    fi
  done
}
stamped $checkpoint.sig "$work/upper"
[ -s "$work/upper" ] || note "no time-stamp: that the log is old, only the clock of its keeper says"
for line in "$work"/proven/*.json; do
  [ -f "$line" ] && [ "$(event_of "$line")" = sealed ] || continue
  seq=$(seq_of "$line")
  stem=data/log/earlier/$(printf '%09d' "$seq").ckpt
  for file in "$stem" "$stem.sig" "$stem".sig.*; do
    [ -f "$file" ] && grep -q -F "\"${file##*/}\":\"$(digest_of "$file")\"" "$line" || problem "line $seq does not name $file as it is"
  done
  : > "$work/before"
  stamped "$stem.sig" "$work/before"
  while IFS= read -r at; do echo "$at $seq" >> "$work/lower"; done < "$work/before"
done
for line in "$work"/proven/*.json; do
  [ -f "$line" ] || continue
  time=$(time_of "$line")
  at=$(seconds "${time%.*}Z")
  seq=$(seq_of "$line")
  [ -n "$at" ] || { problem "line $seq has no time"; continue; }
  # Five minutes are allowed between the log's clock and an authority's.
  while IFS= read -r bound; do [ "$at" -le $((bound + 300)) ] || problem "line $seq says a time after the token over it"; done < "$work/upper"
  while read -r bound since; do
    [ "$seq" -lt "$since" ] || [ "$at" -ge $((bound - 300)) ] || problem "line $seq says a time before a token that the log named above it"
  done < "$work/lower"
done

echo
echo "=================================================================================="
echo "  The key that signed this exhibit has the fingerprint"
echo
echo "      ${exhibit_key:-NONE: no signature over the exhibit holds}"
echo
echo "  Compare it with the one on paper. Anybody can make an exhibit under another key."
echo "=================================================================================="
ended=yes
count=$(wc -l < "$work/problems" | tr -d ' ')
if [ "$count" -eq 0 ]; then
  echo VERIFIED
  exit 0
fi
echo "NOT VERIFIED ($count problems)"
exit 1
