# One disk with one file system, started by BIOS as DigitalOcean's machines are.
#
# The names `main`, `boot` and `root` become labels of partitions that the installed system looks for: they never
# change once a machine was installed.
{
  disko.devices.disk.main = {
    type = "disk";
    device = "/dev/vda";
    content = {
      type = "gpt";
      partitions = {
        boot = {
          size = "1M";
          type = "EF02";
          priority = 1;
        };
        root = {
          size = "100%";
          content = {
            type = "filesystem";
            format = "ext4";
            mountpoint = "/";
            mountOptions = [ "noatime" ];
          };
        };
      };
    };
  };
}
