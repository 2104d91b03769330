// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage;

/// <summary>What a <see cref="Bio"/> asks for (<c>REQ_OP_*</c>).</summary>
public enum BioOperation
{
    /// <summary>From sectors to ranges.</summary>
    Read = 0,

    /// <summary>From ranges to sectors.</summary>
    Write,

    /// <summary>Makes everything completed before durable. No sectors, no data.</summary>
    Flush,

    /// <summary>The sectors are not needed any more. No data; what they read as afterwards is the device's choice.</summary>
    Discard,

    /// <summary>The sectors read as zeros from now on. No data.</summary>
    WriteZeroes,
}
