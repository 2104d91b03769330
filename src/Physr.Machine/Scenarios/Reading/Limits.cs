// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

/// <summary>What a scenario may ask for, and what it gets where it does not ask.</summary>
internal static class Limits
{
    public const ulong KiB = 1UL << 10;
    public const ulong MiB = 1UL << 20;
    public const ulong GiB = 1UL << 30;
    public const ulong TiB = 1UL << 40;

    /// <summary>A granule of provider memory: chunks, BARs and memories are whole ones.</summary>
    public const ulong Granule = 4 * KiB;

    /// <summary>A pagemap covers whole sub-sections (row R7): less memory cannot have page descriptors.</summary>
    public const ulong Subsection = 2 * MiB;

    /// <summary>RAM beside the staging buffers: queues and lists.</summary>
    public const ulong RamBesideStaging = 16 * MiB;

    /// <summary>No BAR or memory is larger.</summary>
    public const ulong LargestMemory = 4 * TiB;

    /// <summary>No namespace is larger.</summary>
    public const ulong LargestNamespace = 64 * TiB;

    public const ulong DefaultChunk = 256 * KiB;
    public const ulong LargestChunk = 16 * MiB;
    public const int DefaultQueueDepth = 16;
    public const int DeepestQueue = 1024;
    public const int DefaultLba = 4096;

    public const ulong DefaultDramRate = 38_000_000_000;
    public const ulong DefaultDramLatency = 90;
    public const ulong DefaultMediaRead = 7_000_000_000;
    public const ulong DefaultMediaWrite = 6_000_000_000;
    public const ulong DefaultMediaLatency = 60_000;
    public const ulong DefaultNetworkRate = 12_500_000_000;
    public const ulong DefaultNetworkLatency = 2_000;

    public const int DefaultIotlbEntries = 1024;
    public const int LeastIotlbEntries = 8;
    public const int MostIotlbEntries = 1 << 20;

    /// <summary>Fewest address bits of a device: buffers and bounce slots have to lie below.</summary>
    public const ulong LeastDmaMaskBits = 28;

    /// <summary>Device numbers below one bus (PCIe Base Specification, section 7.3.1).</summary>
    public const int DevicesPerBus = 32;

    /// <summary>Bus numbers of one PCI domain.</summary>
    public const int Buses = 256;

    public const int DefaultInFlight = 8;
    public const int MostInFlight = 64;

    /// <summary>A function has six BAR registers, and each memory BAR here takes two.</summary>
    public const int EndpointBars = 3;

    /// <summary>Bytes that all buffers of a scenario lend together: they are kept beside the devices to be compared.</summary>
    public const ulong MostLent = 256 * MiB;

    public const int SliceBuffers = 64;
    public const int SliceRanges = 64;
    public const int SliceImporters = 16;

    /// <summary>No process has more data, and no GPU lends more memory to its pages: all of it may have to be held.</summary>
    public const ulong MostProcessData = 64 * GiB;

    public const ulong MostListNodes = 1 << 20;
    public const ulong DefaultListNodes = 512;
    public const ulong MostCounters = 512;
    public const ulong DefaultCounters = 16;
    public const ulong MostRounds = 1 << 16;
    public const ulong DefaultRounds = 16;

    /// <summary>An array's chunk.</summary>
    public const ulong DefaultStripeChunk = 64 * KiB;
    public const ulong LargestStripeChunk = 4 * MiB;
    public const int ArrayMembers = 32;

    /// <summary>A file on an array is kept beside it to be compared.</summary>
    public const ulong MostArrayFile = GiB;

    /// <summary>What a store on an array keeps for itself, at most.</summary>
    public const ulong RoomForMetadata = 4 * MiB;

    // How many of each a scenario may have: above what a host can hold, below what would be slow to check.
    public const int Nodes = 1024;
    public const int Namespaces = 128;
    public const int Initiators = 256;
    public const int Transfers = 1024;
    public const int Routes = 256;
    public const int Faults = 1024;
}
