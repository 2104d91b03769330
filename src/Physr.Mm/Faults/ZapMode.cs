// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>What a zap takes away besides pages.</summary>
[Flags]
internal enum ZapMode
{
    /// <summary>Pages, the process's own copies of a file's included; guards stay.</summary>
    Pages = 0,

    /// <summary>Guards and other markers too: the area goes.</summary>
    Markers = 1,

    /// <summary>Not the process's own copies: the file drops its cache.</summary>
    FilePagesOnly = 2,
}
