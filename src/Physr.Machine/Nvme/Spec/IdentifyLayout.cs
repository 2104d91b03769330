// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Spec;

/// <summary>Byte offsets in the Identify data structures (NVMe Base Specification 2.0, figure 275; NVM Command Set Specification 1.0, figures 97 to 100).</summary>
public static class IdentifyLayout
{
    /// <summary>Bytes in every Identify data structure.</summary>
    public const int Size = 4096;

    internal const int CtrlVid = 0;
    internal const int CtrlSsvid = 2;
    internal const int CtrlSerial = 4;
    internal const int CtrlSerialLength = 20;
    internal const int CtrlModel = 24;
    internal const int CtrlModelLength = 40;
    internal const int CtrlFirmware = 64;
    internal const int CtrlFirmwareLength = 8;
    internal const int CtrlRab = 72;
    internal const int CtrlMdts = 77;
    internal const int CtrlVersion = 80;
    internal const int CtrlOaes = 92;
    internal const int CtrlControllerType = 111;
    internal const int CtrlOacs = 256;
    internal const int CtrlAcl = 258;
    internal const int CtrlAerl = 259;
    internal const int CtrlFrmw = 260;
    internal const int CtrlLpa = 261;
    internal const int CtrlElpe = 262;
    internal const int CtrlWctemp = 266;
    internal const int CtrlCctemp = 268;
    internal const int CtrlSqes = 512;
    internal const int CtrlCqes = 513;
    internal const int CtrlMaxCmd = 514;
    internal const int CtrlNn = 516;
    internal const int CtrlOncs = 520;
    internal const int CtrlVwc = 525;
    internal const int CtrlAwun = 526;
    internal const int CtrlSgls = 536;
    internal const int CtrlSubnqn = 768;
    internal const int CtrlPowerStates = 2048;

    internal const int NsSize = 0;
    internal const int NsCapacity = 8;
    internal const int NsUtilization = 16;
    internal const int NsFormatCount = 25;
    internal const int NsFormatted = 26;
    internal const int NsDeallocate = 33;
    internal const int NsAttributes = 99;
    internal const int NsEui64 = 120;
    internal const int NsFormats = 128;
}
