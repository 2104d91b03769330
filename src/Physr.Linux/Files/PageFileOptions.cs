// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Files;

/// <summary>How a <see cref="PageFile"/> is opened.</summary>
[Flags]
public enum PageFileOptions
{
    /// <summary>What is there, past the page cache.</summary>
    None = 0,

    /// <summary>Made where it is not there, with all its blocks.</summary>
    Create = 1,

    /// <summary>Through the page cache where the file system has no other way: memory then holds pages twice, and who evicts them gains nothing until the kernel writes them back.</summary>
    AllowBuffered = 2,
}
