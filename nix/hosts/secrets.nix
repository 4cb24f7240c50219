# Secrets of the droplet, encrypted in the repository for its own SSH host key, decrypted into memory when it starts.
{ config, lib, ... }:
let
  operator = import ./operator.nix;
  path = name: config.sops.secrets.${name}.path;
  key = name: {
    keyFile = path "kalshi-${name}-key";
    idFile = path "kalshi-${name}-id";
  };
  # A secret, with what starts again when a deployment brings another: every process that it is handed to.
  secret = name: {
    restartUnits =
      let
        isHanded =
          service: lib.any (lib.hasSuffix ":${path name}") (service.serviceConfig.LoadCredential or [ ]);
      in
      map (service: "${service}.service") (
        builtins.attrNames (lib.filterAttrs (_: isHanded) config.systemd.services)
      );
  };
  # In modes twin and paper the desk's keys are those of the exchange beside it; what is mirrored is only read.
  keys = {
    twin = { };
    paper.mirror = key "read";
  };
in
{
  sops = {
    # Made by docs/DEPLOY_DO.md. A secret that it lacks stops the build; only the file of a fresh clone, which holds none at
    # all, does not, so that the checks can be built.
    defaultSopsFile = ./secrets.yaml;
    validateSopsFiles = !lib.hasSuffix "\n{}\n" (builtins.readFile ./secrets.yaml);
    age.sshKeyPaths = [ "/etc/ssh/ssh_host_ed25519_key" ];
    gnupg.sshKeyPaths = [ ];
    secrets = lib.genAttrs [
      "kalshi-read-key"
      "kalshi-read-id"
      "kalshi-write-key"
      "kalshi-write-id"
      "kalshi-guard-key"
      "kalshi-guard-id"
      "rec-totp"
      "rec-heartbeat-url"
      "restic-password"
      "restic-environment"
    ] secret;
  };

  # It has no default dependencies, so that nothing else would keep a process from starting before its key is there.
  systemd.services.sops-install-secrets.before = [ "sysinit.target" ];

  services."rec" = {
    credentials =
      keys.${config.services."rec".settings.mode} or (lib.genAttrs [
        "read"
        "write"
        "guard"
      ] key);
    arming.totpSecretFile = path "rec-totp";
    heartbeat.urlFile = path "rec-heartbeat-url";
    backup.offsite = {
      repository = operator.backups;
      passwordFile = path "restic-password";
      environmentFile = path "restic-environment";
    };
  };
}
