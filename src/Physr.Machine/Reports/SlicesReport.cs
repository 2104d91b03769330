// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Reports;

/// <summary>What became of slices that were lent.</summary>
public sealed record SlicesReport
{
    /// <summary>Buffers lent.</summary>
    public int Buffers { get; init; }

    /// <summary>Slices in them.</summary>
    public int Slices { get; init; }

    /// <summary>Bytes in those.</summary>
    public ulong SliceBytes { get; init; }

    /// <summary>The BARs that they are of lie in so many bytes, from the first's start to the last's end.</summary>
    public ulong SpanBytes { get; init; }

    /// <summary>Devices that transferred into and out of them.</summary>
    public int Importers { get; init; }

    /// <summary>Mappings made, over the whole route.</summary>
    public int Mappings { get; init; }

    /// <summary>Buffers taken back and given out again, each counted once.</summary>
    public int Revokes { get; init; }

    /// <summary>Transfers that were under way when the memory was taken back.</summary>
    public int InFlight { get; init; }

    /// <summary>Steps of the revocation protocol that were followed and found lawful.</summary>
    public long ProtocolSteps { get; init; }

    /// <summary>Attempts to map or attach while revoked; each was refused.</summary>
    public int RefusedMappings { get; init; }

    /// <summary>Accesses to addresses of before the revoke; each was refused, and how.</summary>
    public IReadOnlyList<RefusedAccess> RefusedAccesses { get; init; } = [];
}
