// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Storage.Btt;

namespace Physr.Storage.Pmem;

/// <summary>A run of a region's bytes with an identity and a use. Enabling it gives it what the use needs: page descriptors, a translation table, or nothing.</summary>
public sealed partial class PmemNamespace
{
    private readonly PmemRegion _region;
    private PmemDaxDevice? _dax;
    private Resource? _resource;

    internal PmemNamespace(PmemRegion region, PmemLabel label, NamespaceMode mode, int number)
    {
        _region = region;
        Label = label;
        Mode = mode;
        Number = number;
    }

    /// <summary><c>namespace0.1</c>.</summary>
    public string DeviceName => $"namespace{_region.Options.Number}.{Number}";

    /// <summary>Its label.</summary>
    public PmemLabel Label { get; private set; }

    /// <summary>Its identity.</summary>
    public Guid Uuid => Label.Uuid;

    /// <summary>The name that a person gave it.</summary>
    public string Name => Label.Name;

    /// <summary>What it is used as.</summary>
    public NamespaceMode Mode { get; private set; }

    /// <summary>Its addresses, head and descriptors included.</summary>
    public PhysicalRange Range => new(_region.Range.Start.Add(Label.Start), Label.Length);

    /// <summary>Whether it is in use.</summary>
    public bool IsEnabled { get; private set; }

    /// <summary>Its data as memory while it is enabled; null in sector mode, whose bytes have no fixed place.</summary>
    public IDaxDevice? Dax => _dax;

    /// <summary>The addresses of its data while it is enabled; empty in sector mode.</summary>
    public PhysicalRange DataRange => _dax?.Range ?? default;

    /// <summary>Its page descriptors while it is enabled in <see cref="NamespaceMode.FsDax"/> or <see cref="NamespaceMode.DevDax"/>; else null.</summary>
    public Pagemap? Pagemap { get; private set; }

    /// <summary>Its translation table while it is enabled in <see cref="NamespaceMode.Sector"/>; else null.</summary>
    public BttDevice? TranslationTable { get; private set; }

    /// <summary>Where its parts lie while it is enabled; null in modes without an info block.</summary>
    public PfnLayout? Layout { get; private set; }

    /// <summary>Told of lost pages before the generic handling kills mappers: a file system's own handler. Set it before enabling.</summary>
    public MemoryFailureCallback? MemoryFailure { get; set; }

    /// <summary>The lost sectors of its data as <c>/sys/block/*/badblocks</c> prints them; empty while it is not enabled, and in sector mode.</summary>
    public string BadBlocks => _dax is { } dax ? BadBlocksText.Format(dax.Medium.Errors) : "";

    internal int Number { get; }

    internal PmemDaxDevice? Data => _dax;

    /// <summary>Makes a block device of an enabled namespace.</summary>
    /// <param name="host">Where the memory at the other end of bios is.</param>
    /// <exception cref="PhysrException">It is not enabled, or is in devdax mode, which has no block device.</exception>
    public BlockDevice OpenBlockDevice(IHostBytes host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return TranslationTable is { } table ? new BttBlockDevice(table, host)
            : _dax is { } dax && Mode != NamespaceMode.DevDax ? new DaxBlockDevice(dax, host)
            : throw new PhysrException("open block device", DeviceName, Errno.ENODEV, IsEnabled ? "devdax has none: map it, or use fsdax" : "enable the namespace first");
    }

    /// <summary>Whether a part of a devdax namespace may be mapped into a process: whole units of its alignment.</summary>
    /// <returns><see cref="Errno.EINVAL"/> with the reason; <see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.ENODEV"/> while it is not enabled.</returns>
    public Errno CheckMapping(ulong offset, ulong length, out string reason)
    {
        reason = "";
        if (_dax is not { } dax || Layout is not { } layout || Mode != NamespaceMode.DevDax)
        {
            reason = $"{DeviceName} is no enabled devdax namespace";
            return Errno.ENODEV;
        }

        if (((offset | length) & (layout.Align - 1)) != 0 || length == 0)
        {
            reason = $"{DeviceName} is mapped by units of {layout.Align} bytes: {length} bytes at {offset} are none";
            return Errno.EINVAL;
        }

        reason = offset > dax.Length || length > dax.Length - offset ? $"{DeviceName} has {dax.Length} bytes" : "";
        return reason.Length == 0 ? Errno.None : Errno.ENXIO;
    }

    /// <summary>The device name, mode and size.</summary>
    public override string ToString() => $"{DeviceName} ({Mode}, {Label.Length} bytes)";
}
