// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Storage.Btt;

namespace Physr.Storage.Pmem;

/// <content>Enabling and disabling.</content>
public sealed partial class PmemNamespace
{
    /// <summary>Gives it what its mode needs. Nothing is stored, except that sector mode finishes the last write of each lane where a power cut left it half done.</summary>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EBUSY"/> where it is enabled; <see cref="Errno.EUCLEAN"/>, <see cref="Errno.EIO"/>, <see cref="Errno.EOPNOTSUPP"/> for an info block that is damaged, lost, of
    /// another namespace or of an unknown kind; <see cref="Errno.ENOMEM"/>. Nothing is left behind by a failure.</returns>
    public Errno TryEnable(out string reason)
    {
        lock (_region.ManagementLock)
        {
            reason = "";
            if (IsEnabled || IsGone)
            {
                reason = IsGone ? $"{DeviceName} was deleted" : $"{DeviceName} is enabled already";
                return IsGone ? Errno.ENODEV : Errno.EBUSY;
            }

            if (!_region.PassesGate("namespace enable"))
            {
                reason = $"{DeviceName}: no memory to enable it";
                return Errno.ENOMEM;
            }

            Errno errno = Mode switch
            {
                NamespaceMode.Raw => EnableRaw(),
                NamespaceMode.Sector => EnableSector(out reason),
                _ => EnableWithDescriptors(out reason),
            };
            if (errno == Errno.None)
            {
                // Disjoint from other namespaces: nothing can be in the way but what somebody else put there.
                errno = _region.Map.Resources.Request(
                    ResourceName(), Range, ResourceFlags.Memory | ResourceFlags.Busy, ResourceDescriptor.PersistentMemory, out _resource, out Resource? conflict, _region.Resource);
                if (errno != Errno.None)
                {
                    reason = $"{DeviceName}: {conflict} lies across its addresses";
                    Release();
                }
            }

            IsEnabled = errno == Errno.None;
            return errno;
        }
    }

    /// <summary>Takes everything away again: all or nothing.</summary>
    /// <returns><see cref="Errno.EBUSY"/> while somebody holds its pages; success where it is not enabled.</returns>
    public Errno TryDisable(out string reason)
    {
        lock (_region.ManagementLock)
        {
            reason = "";
            if (!IsEnabled)
            {
                return Errno.None;
            }

            if (Pagemap is { } pagemap && _region.Map.TryUnregister(pagemap) != Errno.None)
            {
                reason = $"{DeviceName}: {pagemap.UserCount} references to its pages are left";
                return Errno.EBUSY;
            }

            Release();
            IsEnabled = false;
            return Errno.None;
        }
    }

    private string ResourceName() => Mode == NamespaceMode.DevDax ? $"dax{_region.Options.Number}.{Number}" : DeviceName;

    private Errno EnableRaw()
    {
        _dax = new(_region.SliceOf(Label), Range.Start, _region.Provider.Index, null);
        return Errno.None;
    }

    private Errno EnableSector(out string reason)
    {
        Errno errno = BttDevice.TryOpen(_region.SliceOf(Label), Uuid, out BttDevice? table, out reason);
        TranslationTable = table;
        return errno;
    }

    private Errno EnableWithDescriptors(out string reason)
    {
        Errno errno = PfnInfoBlock.TryRead(_region.SliceOf(Label), Range.Start, Mode, Uuid, out PfnInfoBlock? info, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        PfnLayout layout = info!.Layout;
        PhysicalRange described = new(Range.Start.Add(layout.StartPad), layout.MappedBytes);
        Pagemap pagemap = new()
        {
            Name = DeviceName,
            Type = Mode == NamespaceMode.FsDax ? MemoryType.FsDax : MemoryType.Generic,
            Owner = _region,
            MetadataOrder = layout.MetadataOrder,
            MemoryFailure = MemoryFailure,
            Altmap = layout.Map == MapLocation.Device
                ? new() { Base = described.Start.Frame, Reserve = PfnLayout.HeadBytes >> PageSize.Shift4K, Free = layout.AltmapFreePages }
                : null,
        };
        pagemap.Ranges.Add(described);
        errno = _region.Map.Register(pagemap, out reason);
        if (errno != Errno.None)
        {
            reason = $"{DeviceName}: {reason}";
            return errno;
        }

        ulong start = Label.Start + layout.StartPad + layout.DataOffset;
        MediaSlice data = new(DeviceName, _region.Data, start, info.DataPages << PageSize.Shift4K);
        _dax = new(data, _region.Range.Start.Add(start), _region.Provider.Index, pagemap);
        Pagemap = pagemap;
        Layout = layout;
        return Errno.None;
    }

    private void Release()
    {
        if (Pagemap is { IsRegistered: true } pagemap)
        {
            _region.Map.Unregister(pagemap);
        }

        if (_resource is not null)
        {
            _region.Map.Resources.Remove(_resource);
        }

        (_resource, _dax, Pagemap, TranslationTable, Layout) = (null, null, null, null, null);
    }
}
