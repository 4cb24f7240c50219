# What no process of the desk may do. A function, not a module: whoever goes out to other machines gets `goesOut`.
#
# What is left of the exposure score of a process that goes out is that it can: any address, any interface.
{
  lib,
  goesOut ? false,
  ports ? [ ],
}:
{
  NoNewPrivileges = true;
  CapabilityBoundingSet = "";
  AmbientCapabilities = "";
  KeyringMode = "private";
  LockPersonality = true;
  MemoryDenyWriteExecute = true;
  RemoveIPC = true;
  RestrictNamespaces = true;
  RestrictRealtime = true;
  RestrictSUIDSGID = true;
  UMask = "0007";

  PrivateDevices = true;
  DevicePolicy = "closed";
  DeviceAllow = "";
  PrivateIPC = true;
  PrivateMounts = true;
  PrivateTmp = true;
  PrivateUsers = true;
  ProcSubset = "pid";
  ProtectProc = "invisible";
  ProtectClock = true;
  ProtectControlGroups = true;
  ProtectHome = true;
  ProtectHostname = true;
  ProtectKernelLogs = true;
  ProtectKernelModules = true;
  ProtectKernelTunables = true;
  ProtectSystem = "strict";

  RestrictAddressFamilies = [
    "AF_UNIX"
    "AF_INET"
    "AF_INET6"
  ];
  SocketBindDeny = "any";
  SystemCallArchitectures = "native";
  # The calls are refused with an error rather than by killing the process.
  SystemCallErrorNumber = "EPERM";
  SystemCallFilter = [
    "@system-service"
    "~@privileged"
    "~@resources"
  ];

  # A core file would hold keys.
  LimitCORE = 0;
  LimitNOFILE = 65536;
  TasksMax = 256;
}
// lib.optionalAttrs (ports != [ ]) {
  SocketBindAllow = map (port: "tcp:${toString port}") ports;
}
// lib.optionalAttrs (!goesOut) {
  IPAddressDeny = "any";
  IPAddressAllow = "localhost";
}
