// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Pmem;

/// <summary>What a label area holds.</summary>
public enum LabelAreaState
{
    /// <summary>Zeros: nobody has used it yet.</summary>
    Blank = 0,

    /// <summary>An index that counts.</summary>
    Ready,

    /// <summary>Neither: no copy of the index is whole.</summary>
    Damaged,
}
