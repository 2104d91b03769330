// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Fabric;

namespace Physr.Machine.Offload;

/// <summary>One end of a transfer: something that moves bytes between itself and staging memory by a device's DMA. Starting and polling allocate nothing.</summary>
internal interface ITransferEnd
{
    /// <summary>The end's name in the scenario.</summary>
    string Name { get; }

    /// <summary>The device that masters the bus for it.</summary>
    FabricNode Node { get; }

    /// <summary>Whether the device keeps one mapping of all the staging memory, as a registered memory region is one; otherwise each command can have its own.</summary>
    bool NeedsOneMapping { get; }

    /// <summary>Makes the staging memory known to the device.</summary>
    /// <param name="staging">The staging memory as the device addresses it.</param>
    /// <param name="commands">Maps it anew for each command; null where <paramref name="staging"/> is mapped for as long as the end is open.</param>
    void Open(DmaRangeList staging, CommandMappings? commands = null);

    /// <summary>Starts moving bytes of this end into staging memory.</summary>
    /// <returns>False when the device takes no more commands now.</returns>
    bool TryFetch(ulong offset, uint length, ulong stagingOffset, int tag);

    /// <summary>Starts moving bytes of staging memory to this end.</summary>
    /// <returns>False when the device takes no more commands now.</returns>
    bool TryStore(ulong offset, uint length, ulong stagingOffset, int tag);

    /// <summary>Collects finished commands. They are found in rings in RAM: after a start or <see cref="Recover"/> this is asked again only when a device has written
    /// there.</summary>
    /// <returns>How many.</returns>
    int Poll(Span<EndCompletion> completions);

    /// <summary>Ends what cannot end by itself any more, because nothing is left that could happen: the commands then come back as failed.</summary>
    void Recover();

    /// <summary>Forgets the staging memory; the device no longer reaches it.</summary>
    void Close();

    /// <summary>Reads the end's bytes past the devices, to check a transfer.</summary>
    void Inspect(ulong offset, Span<byte> destination);
}
