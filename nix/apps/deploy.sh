#!/usr/bin/env bash
# Brings a server to the state of this flake, or leaves it as it was.
#
# usage: nix run .#deploy -- ADDRESS [--while-trading] [--dry-run]
#
# Builds here, copies, activates without touching what the machine starts with, waits until every service is healthy,
# and only then makes it stay. When that fails, or the connection is lost, the machine goes back by itself.
#
# --while-trading  also while orders may still fill; otherwise it refuses
# --dry-run        builds, copies, and says which units would be stopped and started

address='' while_trading='' dry_run=''
fail() {
    echo "deploy: $1" >&2
    exit 1
}
for argument; do
    case $argument in
    --while-trading) while_trading=yes ;;
    --dry-run) dry_run=yes ;;
    -*) fail "unknown option $argument; there are --while-trading and --dry-run" ;;
    *) address=$argument ;;
    esac
done
[[ $address ]] || fail "which server? usage: nix run .#deploy -- ADDRESS"

# How long the desk may take to be healthy, and how much later the machine goes back without hearing from us.
readonly patience_seconds=180 return_seconds=420

root=$(git rev-parse --show-toplevel)
[[ -z $(git -C "$root" status --porcelain) ]] || fail "there are changes that are not committed; a server is built from a commit"
grep -q '^sops:' "$root/nix/hosts/secrets.yaml" || fail "nix/hosts/secrets.yaml is not encrypted yet: see docs/DEPLOY_DO.md"
known=$HOME/.ssh/known_hosts.rec
[[ -r $known ]] || fail "$known is missing: nix run .#install wrote the server's host key there; see docs/DEPLOY_DO.md"
options=(-o "UserKnownHostsFile=$known" -o StrictHostKeyChecking=yes -o ConnectTimeout=10 -o ServerAliveInterval=10)
export NIX_SSHOPTS="${options[*]}"
# shellcheck disable=SC2029 # what stands in the arguments is meant as it is here
there() { ssh "${options[@]}" "root@$address" "$@"; }

new=$(nix build --no-link --print-out-paths "$root#nixosConfigurations.droplet.config.system.build.toplevel")
old=$(there readlink -f /run/current-system)
[[ $old != "$new" ]] || { echo "deploy: $address runs $new already" && exit 0; }
nix copy --substitute-on-destination --to "ssh-ng://root@$address" "$new"

echo "deploy: what would change"
there "$new/bin/switch-to-configuration" dry-activate
[[ ! $dry_run ]] || exit 0

if [[ ! $while_trading ]]; then
    working=$(there rec-working-orders) || [[ $? == 3 ]] ||
        fail "whether orders may still fill cannot be said; look at the desk, or say --while-trading"
    [[ $working == 0 ]] || fail "$working orders may still fill; wait until they have ended, or say --while-trading"
fi

# A start of the machine from here on, for whatever reason, starts the old system.
there systemd-run --collect --unit=rec-return --on-active=$return_seconds --timer-property=AccuracySec=1s \
    "$old/bin/switch-to-configuration" test
go_back() {
    echo "deploy: $1; going back to $old" >&2
    there systemd-run --collect --wait --pipe --unit=rec-switch-back "$old/bin/switch-to-configuration" test &&
        there systemctl stop rec-return.timer ||
        echo "deploy: $address does not answer; it goes back by itself within $return_seconds seconds" >&2
    exit 1
}
there systemd-run --collect --wait --pipe --unit=rec-switch "$new/bin/switch-to-configuration" test ||
    go_back "units did not start"

healthy_by=$((SECONDS + patience_seconds))
until there rec status; do
    ((SECONDS < healthy_by)) || go_back "the desk is not healthy after $patience_seconds s"
    sleep 5
done

# The order matters: what starts next time, then no return.
there nix-env --profile /nix/var/nix/profiles/system --set "$new" || go_back "the system cannot be made to stay"
there "$new/bin/switch-to-configuration" boot || go_back "the system cannot be made to start"
there systemctl stop rec-return.timer
echo "deploy: $address runs $new, and starts with it"
