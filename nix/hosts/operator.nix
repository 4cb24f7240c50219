# What differs from one operator to the next. Replace every value; the examples are of nobody.
{
  # demo until everything was tried, then prod.
  mode = "demo";
  # The page's name, which points at the droplet, and where the certificate's authority writes.
  hostName = "desk.example.org";
  acmeEmail = "operator@example.org";
  # Where the copies of the backups go, as restic names it.
  backups = "s3:https://fra1.digitaloceanspaces.com/desk.example.org/rec";
  # From where SSH is reachable.
  addresses = [ "198.51.100.7/32" ];
  # Who may log in.
  sshKeys = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleExam operator"
  ];
}
