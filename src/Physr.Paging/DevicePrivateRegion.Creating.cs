// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Paging.Client;
using Physr.Paging.Control;
using Physr.Paging.Protocol;
using Physr.Paging.Stores;

namespace Physr.Paging;

/// <content>Making a region, and what its pager is told.</content>
public sealed partial class DevicePrivateRegion
{
    /// <summary>Makes a region.</summary>
    /// <param name="length">Bytes, whole pages of 4096.</param>
    /// <param name="store">Where they live; the region takes it over.</param>
    /// <param name="residentBudget">Bytes that may be in memory at once: whole pages, one at the least.</param>
    /// <param name="options">How; null: as usual.</param>
    /// <exception cref="ArgumentException">A size is none.</exception>
    /// <exception cref="PhysrException">It cannot be made; the message says what would help. EPERM: this user may not use userfaultfd.</exception>
    public static DevicePrivateRegion Create(ulong length, RegionStore store, ulong residentBudget, RegionOptions? options = null)
    {
        Errno errno = TryCreate(length, store, residentBudget, options, out DevicePrivateRegion? region, out string reason);
        return errno switch
        {
            Errno.None => region!,
            Errno.EINVAL => throw new ArgumentException(reason),
            _ => throw new PhysrException("create region", options?.Name ?? "region", errno, reason),
        };
    }

    /// <summary>Makes a region.</summary>
    /// <param name="length">Bytes, whole pages of 4096.</param>
    /// <param name="store">Where they live; the region takes it over, on failure it stays the caller's.</param>
    /// <param name="residentBudget">Bytes that may be in memory at once: whole pages, one at the least.</param>
    /// <param name="options">How; null: as usual.</param>
    /// <param name="region">The region; null on failure.</param>
    /// <param name="reason">What is wrong and what would be right; empty on success.</param>
    public static Errno TryCreate(ulong length, RegionStore store, ulong residentBudget, RegionOptions? options, out DevicePrivateRegion? region, out string reason)
    {
        ArgumentNullException.ThrowIfNull(store);
        options ??= new();
        region = null;
        reason = CheckSizes(length, store, residentBudget);
        if (reason.Length != 0)
        {
            return Errno.EINVAL;
        }

        RegionParts parts = new(length, store);
        Errno errno = parts.TryMakeMemory(options.Name, residentBudget / ControlLayout.PageBytes, out reason);
        errno = errno == Errno.None ? TryMakeMode(parts, options, residentBudget, out reason) : errno;
        if (errno != Errno.None)
        {
            parts.Dispose();
            return errno;
        }

        region = new(parts, options);
        if (region._pager is { } pager)
        {
            errno = pager.Ask(MessageKind.Register, region.Describe, region.Descriptors, out _, out reason);
            if (errno != Errno.None)
            {
                region._held = long.MinValue / 2;
                parts.Dispose();
                region = null;
                return errno;
            }

            pager.Add(region);
        }

        RegionTelemetry.Add(region);
        return Errno.None;
    }

    /// <summary>What the pager gets with a region.</summary>
    internal SafeFileHandle[] Descriptors => [_faults!.Handle, _window.Handle, _controlFile.Handle, _doorbell!.Handle, .. _store.Handles];

    /// <summary>The message that tells a new line of pagers of this region.</summary>
    internal byte[] RegisterMessage(uint sequence)
    {
        MessageWriter writer = new(new byte[MessageWriter.MostBytes], MessageKind.Register);
        writer.Write(sequence);
        Describe(ref writer);
        return writer.Message.ToArray();
    }

    /// <summary>Nobody will ever serve this region again: who waits for it is told.</summary>
    internal void Abandon(string reason)
    {
        _whyAbandoned = reason;
        _control.Worsen(RegionHealth.Failed);
    }

    private static string CheckSizes(ulong length, RegionStore store, ulong residentBudget)
    {
        const ulong page = ControlLayout.PageBytes;
        const ulong most = ControlLayout.MostPages * page;
        return length == 0 || length % page != 0 || length > most ? $"A region has 4096 bytes to {most} (8 TiB), in whole pages of 4096; {length} were asked for."
            : residentBudget < page || residentBudget % page != 0 ? $"The resident budget is whole pages of 4096 bytes, one at the least; {residentBudget} was asked for."
            : store.Length < length ? $"The store {store.Name} has {store.Length} bytes; the region needs {length}."
            : "";
    }

    private static Errno TryMakeMode(RegionParts parts, RegionOptions options, ulong residentBudget, out string reason)
    {
        Errno errno = Errno.None;
        reason = "";
        if (options.Mode != RegionMode.Explicit)
        {
            errno = parts.TryMakeFaults(out reason);
            PagerHost? pager = options.Pager;
            if (errno == Errno.None && pager is null)
            {
                try
                {
                    pager = PagerHost.Default;
                }
                catch (PhysrException exception)
                {
                    (errno, reason) = (exception.Errno, exception.Message);
                }
            }

            if (errno == Errno.None)
            {
                parts.Pager = pager;
                parts.Id = pager!.NextRegionId();
                return Errno.None;
            }

            if (options.Mode == RegionMode.Faults)
            {
                reason += ". Without page faults a region can still be used through leases: RegionOptions.Mode = RegionMode.Explicit";
                return errno;
            }

            parts.ModeReason = reason;
            parts.DropFaults();
        }

        errno = ExplicitPaging.TryCreate(parts, residentBudget / ControlLayout.PageBytes, out ExplicitPaging? paging, out reason);
        parts.Explicit = paging;
        return errno;
    }

    private void Describe(ref MessageWriter writer) =>
        new RegionSpec(Id, Length, (ulong)_mapping.Address, (ulong)Volatile.Read(ref _control.Budget), (uint)Environment.ProcessId, _store.Spec).Write(ref writer);

    private void Unregister()
    {
        _pager!.Remove(this);
        _ = _pager.Ask(MessageKind.Unregister, (ref MessageWriter writer) => writer.Write(Id), [], out _, out _);
    }
}
