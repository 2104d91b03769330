// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Host;

/// <summary>How the driver describes data to the controller.</summary>
public enum NvmeDataPointers
{
    /// <summary>SGLs where the controller has them and runs are 32 KiB or more on average, or where PRPs cannot say it in one command; else PRPs.</summary>
    Automatic = 0,

    /// <summary>PRPs always; a list whose runs do not meet at 4 KiB pages is sent in more commands.</summary>
    Prp = 1,

    /// <summary>SGLs always.</summary>
    Sgl = 2,
}
