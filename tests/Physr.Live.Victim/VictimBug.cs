// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Live.Victim;

/// <summary>What the victim does wrong, to see that its killers find it.</summary>
internal enum VictimBug
{
    None,

    /// <summary>It says that an operation is done before it is.</summary>
    EarlyAcknowledgement,

    /// <summary>Bytes of files are stored after the record that says whose they are.</summary>
    LateData,
}
