// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Compute;

/// <summary>Where a lane stands with its piece.</summary>
internal enum LaneState
{
    /// <summary>It has none.</summary>
    Idle,

    /// <summary>About to be translated.</summary>
    Waiting,

    /// <summary>Translated; bytes have not moved yet. From here to the end the piece uses this translation.</summary>
    Translated,

    /// <summary>Read; about to be written.</summary>
    Gathered,

    /// <summary>Written; under way until the last byte is through.</summary>
    Finishing,

    /// <summary>A fault keeps it: it goes on with a replay, or is given up.</summary>
    Stalled,
}
