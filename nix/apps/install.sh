#!/usr/bin/env bash
# Turns a fresh droplet of a stock image into the server that this flake describes. Everything on it is lost.
#
# usage: nix run .#install -- ADDRESS --fingerprint SHA256:... --host-key FILE [--dry-run]
#
# ADDRESS        the droplet's
# --fingerprint  of its ed25519 host key, as the provider's console shows it:
#                ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub
# --host-key     the new private host key, for which nix/hosts/secrets.yaml is encrypted
# --dry-run      says what would be done, after every check that needs no change

address='' fingerprint='' host_key='' dry_run=''
fail() {
    echo "install: $1" >&2
    exit 1
}
while (($#)); do
    case $1 in
    --fingerprint) fingerprint=${2:-} && shift ;;
    --host-key) host_key=${2:-} && shift ;;
    --dry-run) dry_run=yes ;;
    -*) fail "unknown option $1; there are --fingerprint, --host-key and --dry-run" ;;
    *) address=$1 ;;
    esac
    shift
done
[[ $address ]] || fail "which droplet? usage: nix run .#install -- ADDRESS --fingerprint SHA256:... --host-key FILE"
[[ $fingerprint == SHA256:* ]] || fail "--fingerprint SHA256:... is missing: read it on the provider's console, not over the network"
[[ -r $host_key ]] || fail "--host-key names no file that can be read; make one with: ssh-keygen -t ed25519 -N '' -f FILE"

root=$(git rev-parse --show-toplevel)
[[ -z $(git -C "$root" status --porcelain) ]] || fail "there are changes that are not committed; a server is built from a commit"
! grep -q example.org "$root/nix/hosts/operator.nix" || fail "nix/hosts/operator.nix still holds the examples"
grep -q '^sops:' "$root/nix/hosts/secrets.yaml" || fail "nix/hosts/secrets.yaml is not encrypted yet: see docs/DEPLOY_DO.md"

# The same host key before and after the installer took over: nothing stands between us and the droplet.
check_host_key() {
    local shown
    shown=$(ssh-keyscan -T 20 -t ed25519 "$address" 2>/dev/null | ssh-keygen -lf - | cut -d ' ' -f 2)
    [[ $shown == "$fingerprint" ]] || fail "the host key of $address is $shown and not $fingerprint: nothing was sent to it"
    echo "install: $address shows the host key that was given"
}
run() {
    if [[ $dry_run ]]; then
        printf 'install: would run:'
        printf ' %q' "$@"
        printf '\n'
    else
        "$@"
    fi
}

check_host_key
extra=$(mktemp -d)
trap 'rm -rf "$extra"' EXIT
install -d -m 0755 "$extra/etc/ssh"
install -m 0600 "$host_key" "$extra/etc/ssh/ssh_host_ed25519_key"
ssh-keygen -y -f "$host_key" >"$extra/etc/ssh/ssh_host_ed25519_key.pub"

# Built here: the droplet's memory is too small for it.
anywhere=(nixos-anywhere --flake "$root#droplet" --build-on local --target-host "root@$address")
run "${anywhere[@]}" --phases kexec
[[ $dry_run ]] || check_host_key
run "${anywhere[@]}" --phases disko,install,reboot --extra-files "$extra"
[[ ! $dry_run ]] || exit 0

known=$HOME/.ssh/known_hosts.rec
echo "$address $(cut -d ' ' -f 1,2 "$extra/etc/ssh/ssh_host_ed25519_key.pub")" >"$known"
echo "install: waiting for the new system; its host key stands in $known"
for _ in $(seq 60); do
    if ssh -o UserKnownHostsFile="$known" -o StrictHostKeyChecking=yes -o ConnectTimeout=5 "root@$address" true; then
        echo "install: done; nix run .#deploy -- $address brings later changes"
        exit 0
    fi
    sleep 5
done
fail "the new system does not answer on $address within five minutes; look at the provider's console"
