// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Faults;
using Physr.Linux.Memory;
using Physr.Linux.Waiting;
using Physr.Paging.Control;
using Physr.Paging.Stores;

namespace Physr.Paging.Client;

/// <summary>What a region is made of, while it is being made: what was made is let go of again when something fails.</summary>
internal sealed class RegionParts : IDisposable
{
    /// <summary>What a region's faults need of the kernel.</summary>
    public const FaultFeatures Features = FaultFeatures.MissingShmem | FaultFeatures.MinorShmem | FaultFeatures.PagefaultFlagWriteProtect | FaultFeatures.WriteProtectShmem | FaultFeatures.Poison | FaultFeatures.ThreadId;

    /// <summary>Begins.</summary>
    public RegionParts(ulong length, RegionStore store)
    {
        Length = length;
        Store = store;
    }

    /// <summary>Bytes.</summary>
    public ulong Length { get; }

    /// <summary>Where the bytes live. The caller's until the region is made.</summary>
    public RegionStore Store { get; }

    /// <summary>The window's file.</summary>
    public MemoryFile? Window { get; private set; }

    /// <summary>The words' file.</summary>
    public MemoryFile? ControlFile { get; private set; }

    /// <summary>The window in this process.</summary>
    public Mapping? Mapping { get; private set; }

    /// <summary>The words.</summary>
    public ControlBlock? Control { get; private set; }

    /// <summary>Where faults go; null in a region without.</summary>
    public Userfaultfd? Faults { get; private set; }

    /// <summary>Rings for leases.</summary>
    public EventCounter? Doorbell { get; private set; }

    /// <summary>Who serves.</summary>
    public PagerHost? Pager { get; set; }

    /// <summary>Who serves in a region without faults.</summary>
    public ExplicitPaging? Explicit { get; set; }

    /// <summary>The region's number at its pager.</summary>
    public uint Id { get; set; }

    /// <summary>Why there are no faults.</summary>
    public string ModeReason { get; set; } = "";

    /// <summary>Makes the window and the words.</summary>
    public Errno TryMakeMemory(string name, ulong budgetPages, out string reason)
    {
        ulong pages = Length / ControlLayout.PageBytes;
        Errno errno = MemoryFile.TryCreate($"physr {name} window", Length, out MemoryFile? window, out reason);
        Window = window;
        MemoryFile? controlFile = null;
        errno = errno == Errno.None ? MemoryFile.TryCreate($"physr {name} words", ControlLayout.Bytes(pages), out controlFile, out reason) : errno;
        ControlFile = controlFile;
        Mapping? mapping = null;
        errno = errno == Errno.None ? Linux.Memory.Mapping.TryMapGuarded(Window!.Handle, 0, (nuint)Length, writable: true, out mapping, out reason) : errno;
        Mapping = mapping;
        ControlBlock? control = null;
        errno = errno == Errno.None ? ControlBlock.TryCreate(ControlFile!, pages, out control, out reason) : errno;
        Control = control;
        if (control is not null)
        {
            control.Budget = (long)budgetPages;
        }

        return errno;
    }

    /// <summary>Has faults of the window go to a descriptor.</summary>
    public Errno TryMakeFaults(out string reason)
    {
        Errno errno = Userfaultfd.TryCreate(Features, out Userfaultfd? faults, out reason);
        Faults = faults;
        errno = errno == Errno.None ? faults!.TryRegister(Mapping!.Address, (nuint)Length, FaultModes.Missing | FaultModes.Minor | FaultModes.WriteProtect, out reason) : errno;
        if (errno != Errno.None)
        {
            faults?.Dispose();
            Faults = null;
            return errno;
        }

        errno = EventCounter.TryCreate(out EventCounter? doorbell);
        reason = errno == Errno.None ? "" : $"no event counter ({errno})";
        Doorbell = doorbell;
        return errno;
    }

    /// <summary>Goes on without faults.</summary>
    public void DropFaults()
    {
        if (Faults is not null)
        {
            _ = Faults.TryUnregister(Mapping!.Address, (nuint)Length);
            Faults.Dispose();
            Faults = null;
        }

        Doorbell?.Dispose();
        Doorbell = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Explicit?.Dispose();
        Control?.Dispose();
        Mapping?.Dispose();
        Faults?.Dispose();
        Doorbell?.Dispose();
        ControlFile?.Dispose();
        Window?.Dispose();
    }
}
