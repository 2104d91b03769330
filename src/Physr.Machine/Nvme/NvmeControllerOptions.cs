// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Nvme.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Nvme;

/// <summary>What an <see cref="NvmeController"/> is like. Rates are the media's; the bus has its own.</summary>
public sealed record NvmeControllerOptions
{
    /// <summary>PCI vendor; the default is QEMU's.</summary>
    public ushort VendorId { get; init; } = 0x1B36;

    /// <summary>PCI device; the default is QEMU's NVMe controller, which every driver knows.</summary>
    public ushort DeviceId { get; init; } = 0x0010;

    /// <summary>Serial number: up to 20 ASCII characters.</summary>
    public string Serial { get; init; } = "PHYSR0001";

    /// <summary>Model: up to 40 ASCII characters.</summary>
    public string Model { get; init; } = "Physr NVMe";

    /// <summary>Firmware revision: up to 8 ASCII characters.</summary>
    public string Firmware { get; init; } = "0.1";

    /// <summary>The namespaces, NSID 1 first; 1 to 1024 of them.</summary>
    public required IReadOnlyList<NvmeNamespaceOptions> Namespaces { get; init; }

    /// <summary>Bytes of controller memory buffer, a power of two of at least 4 KiB; 0 is none.</summary>
    public ulong MemoryBufferBytes { get; init; }

    /// <summary>The 64-bit BAR that the buffer fills: 2 or 4.</summary>
    public int MemoryBufferBar { get; init; } = 4;

    /// <summary>Most I/O queue pairs, 1 to 255.</summary>
    public int MaxIoQueues { get; init; } = 16;

    /// <summary>Most entries in an I/O queue (CAP.MQES), 2 to 65536.</summary>
    public int MaxQueueEntries { get; init; } = 1024;

    /// <summary>Commands that the controller works on at one time, 8 to 65535; more wait in their queues.</summary>
    public int MaxOutstanding { get; init; } = 256;

    /// <summary>MDTS: most bytes that one command moves, a power of two of at least 4 KiB.</summary>
    public uint MaxTransferBytes { get; init; } = 1 << 20;

    /// <summary>Bytes moved in one step of a transfer, which is also how finely transfers interleave; at least 4 KiB.</summary>
    public int PieceBytes { get; init; } = 128 << 10;

    /// <summary>How fast the media reads, in bytes per second.</summary>
    public ulong ReadBytesPerSecond { get; init; } = 7_000_000_000;

    /// <summary>How fast the media writes, in bytes per second.</summary>
    public ulong WriteBytesPerSecond { get; init; } = 5_000_000_000;

    /// <summary>From the start of a read to its first byte; overlaps among commands.</summary>
    public SimTime ReadLatency { get; init; } = SimTime.FromNanoseconds(60_000);

    /// <summary>From the last byte of a write to its completion; overlaps among commands.</summary>
    public SimTime WriteLatency { get; init; } = SimTime.FromNanoseconds(10_000);

    /// <summary>Refuses what no controller can be.</summary>
    /// <exception cref="PhysrException">EINVAL, naming the option and what would be right.</exception>
    internal void Validate(string name)
    {
        Require(Namespaces is { Count: > 0 and <= 1024 }, "Namespaces", "1 to 1024 namespaces");
        for (int i = 0; i < Namespaces.Count; i++)
        {
            NvmeNamespaceOptions ns = Namespaces[i];
            Require(ns.BlockSize is 512 or 4096, $"Namespaces[{i}].BlockSize", "512 or 4096");
            Require(ns.Media.Length != 0 && ns.Media.Length % (ulong)ns.BlockSize == 0, $"Namespaces[{i}].Media", $"a multiple of {ns.BlockSize} bytes");
        }

        Require(MemoryBufferBytes == 0 || MemoryBufferRegisters.IsValidSize(MemoryBufferBytes), nameof(MemoryBufferBytes), "0, or a power of two of at least 4096");
        Require(MemoryBufferBar is 2 or 4, nameof(MemoryBufferBar), "2 or 4");
        Require(MaxIoQueues is >= 1 and <= 255, nameof(MaxIoQueues), "1 to 255");
        Require(MaxQueueEntries is >= 2 and <= 65536, nameof(MaxQueueEntries), "2 to 65536");
        Require(MaxOutstanding is >= 8 and <= 65535, nameof(MaxOutstanding), "8 to 65535");
        Require(MaxTransferBytes is >= 4096 and <= 1 << 30 && System.Numerics.BitOperations.IsPow2(MaxTransferBytes), nameof(MaxTransferBytes), "a power of two, 4096 to 2^30");
        Require(PieceBytes >= 4096, nameof(PieceBytes), "at least 4096");
        Require(ReadBytesPerSecond != 0 && WriteBytesPerSecond != 0, nameof(ReadBytesPerSecond), "rates above zero");
        Require(IsAscii(Serial, 20) && IsAscii(Model, 40) && IsAscii(Firmware, 8), nameof(Serial), "printable ASCII of at most 20 (serial), 40 (model), 8 (firmware)");

        void Require(bool isMet, string option, string right)
        {
            if (!isMet)
            {
                throw new PhysrException("make NVMe controller", name, Errno.EINVAL, $"{option} must be {right}");
            }
        }

        static bool IsAscii(string text, int most) => text.Length <= most && !text.AsSpan().ContainsAnyExceptInRange(' ', '~');
    }
}
