// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>What to do with an array that was not stopped.</summary>
public enum RaidRecovery
{
    /// <summary>Do not start it, and write nothing.</summary>
    Refuse = 0,

    /// <summary>Play the journal of a parity array; make the copies of a mirror agree before it starts.</summary>
    Now,

    /// <summary>Play the journal; start a mirror at once, read one copy only where copies may differ, and let <see cref="RaidArray.ResyncStep"/> make them agree.</summary>
    Later,
}
