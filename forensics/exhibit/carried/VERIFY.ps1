# Checks digests and signatures of the exhibit that this file lies in, on Windows. Type:  powershell -File VERIFY.ps1
#
# NOT TRIED by the makers of the program: they had no Windows at hand. It does less than VERIFY.sh: it does not prove that
# the lines are in the log, nor that the log names the manifest, nor which key was in force when. Where it matters, run VERIFY.sh
# (in WSL or on another machine) or follow VERIFY.txt. Needs ssh-keygen (the Windows feature "OpenSSH Client", 9.1 or
# later); openssl for time-stamps, where it is installed.
#
# A forged script would say VERIFIED of anything: compare its SHA-256 with one that you got elsewhere.

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
Set-Location -LiteralPath $PSScriptRoot
$script:problems = 0
function Problem([string]$text) { $script:problems++; Write-Output ('PROBLEM  ' + ($text -replace '[^\x20-\x7e]', '?')) }
function Good([string]$text) { Write-Output ('ok       ' + ($text -replace '[^\x20-\x7e]', '?')) }
$plain = '[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*'

function Listed([string]$manifest, [string]$algorithm, [int]$digits) {
    $names = @()
    if (-not (Test-Path -LiteralPath $manifest -PathType Leaf)) { Problem "$manifest is missing"; return $names }
    foreach ($line in [IO.File]::ReadAllLines((Join-Path $PSScriptRoot $manifest))) {
        if ($line -cnotmatch "^([0-9a-f]{$digits})  ($plain)$") { Problem "$manifest has a line of another form"; continue }
        $digest = $Matches[1]; $name = $Matches[2]; $names += $name
        if (-not (Test-Path -LiteralPath $name -PathType Leaf)) { Problem "$manifest names a file that is not there: $name"; continue }
        $found = (Get-FileHash -LiteralPath $name -Algorithm $algorithm).Hash.ToLowerInvariant()
        if ($found -cne $digest) { Problem "${manifest}: $name FAILED" }
    }
    return $names
}

# What a function writes is what it returns: problems are told apart from names by their first word.
$told = @(Listed 'manifest-sha256.txt' 'SHA256' 64) + @(Listed 'tagmanifest-sha256.txt' 'SHA256' 64)
$more = @(Listed 'manifest-sha512.txt' 'SHA512' 128)
($told + $more) | Where-Object { $_ -like 'PROBLEM *' } | ForEach-Object { Write-Output $_ }
$names = @($told | Where-Object { $_ -notlike 'PROBLEM *' }) + 'tagmanifest-sha256.txt' + 'seal/tagmanifest-sha256.txt.sig'
foreach ($file in Get-ChildItem -LiteralPath $PSScriptRoot -Recurse -Force) {
    $name = $file.FullName.Substring($PSScriptRoot.Length + 1).Replace('\', '/')
    if ($file.Attributes -band [IO.FileAttributes]::ReparsePoint) { Problem "a link: $name" }
    elseif (-not $file.PSIsContainer -and $names -cnotcontains $name) { Problem "in no manifest: $name" }
}

# The newest line that is shown: its time is that at which signatures are judged.
$times = @(Get-ChildItem -Path 'data/log' -Filter '*.json' | ForEach-Object {
    if ([IO.File]::ReadAllText($_.FullName) -cmatch '"time":"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.[0-9]{6}Z"\}\s*$') {
        ($Matches[1..6] -join '') + 'Z'
    }
} | Sort-Object)
function Signed([string]$document, [string]$signature, [string]$type) {
    if (-not (Test-Path -LiteralPath $signature -PathType Leaf)) { Problem "$document has no signature"; return }
    $start = New-Object Diagnostics.ProcessStartInfo
    $start.FileName = 'ssh-keygen'
    $start.Arguments = "-Y verify -f data/keys/allowed_signers -I operator -n $type@footage-forensics -O verify-time=$($times[-1]) -s $signature"
    $start.RedirectStandardInput = $true; $start.RedirectStandardOutput = $true; $start.UseShellExecute = $false
    $start.WorkingDirectory = $PSScriptRoot
    $process = [Diagnostics.Process]::Start($start)
    $bytes = [IO.File]::ReadAllBytes((Join-Path $PSScriptRoot $document))
    $process.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length)
    $process.StandardInput.Close()
    $said = $process.StandardOutput.ReadToEnd(); $process.WaitForExit()
    if ($process.ExitCode -ne 0) { Problem "${document}: the signature does not hold" } else { Good ($document + ': ' + $said.Trim()) }
}
if ($times.Count -eq 0) { Problem 'no line of the log is here' } else {
    Signed 'tagmanifest-sha256.txt' 'seal/tagmanifest-sha256.txt.sig' 'exhibit'
    Signed 'data/log/checkpoint' 'data/log/checkpoint.sig' 'checkpoint'
    if (Test-Path -LiteralPath 'data/manifest.json.sig') { Signed 'data/manifest.json' 'data/manifest.json.sig' 'manifest' }
}
if (Get-Command openssl -ErrorAction SilentlyContinue) {
    foreach ($answer in Get-ChildItem -Path 'data/log' -Filter 'checkpoint.sig.*.tsr') {
        $stem = 'data/log/' + $answer.BaseName
        & openssl ts -verify -no_check_time -in "$stem.tsr" -data data/log/checkpoint.sig -CAfile "$stem.pem" 2>$null | Out-Null
        if ($LASTEXITCODE -ne 0) { Problem "${stem}.tsr: the token does not hold" } else { Good "${stem}.tsr holds (read its time: openssl ts -reply -in $stem.tsr -text)" }
    }
}
Write-Output ''
Write-Output 'Compare the fingerprint above with the one on paper. Anybody can make an exhibit under another key.'
if ($script:problems -eq 0) { Write-Output 'DIGESTS AND SIGNATURES HOLD (the log was not looked at: see VERIFY.txt, step 7)'; exit 0 }
Write-Output "NOT VERIFIED ($($script:problems) problems)"
exit 1
