// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Physr.Dma.Mirror;
using Physr.Mm;
using Physr.Mm.Interleaving;

namespace Physr.Hmm;

/// <content>The walk over the page tables. Entries are read without a lock: whoever changes them changes the sequence.</content>
public static unsafe partial class RangeMirror
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    private ref struct Walk(AddressSpace space, MirrorRequest request, Span<MirrorFrame> frames, ulong start)
    {
        private readonly Span<MirrorFrame> _frames = frames;
        private int _at;
        private VirtualMemoryArea? _area;
        private bool _needsWrite;

        /// <summary>Goes on to the end, or to the first page that has to be faulted in.</summary>
        public Errno Run(out bool needsFault)
        {
            needsFault = false;
            while (_at < _frames.Length)
            {
                ulong address = start + ((ulong)_at << PageSize.Shift4K);
                Errno errno = EnterArea(address, out int pages);
                if (errno != Errno.None)
                {
                    return errno;
                }

                if (_area is null)
                {
                    _at += pages;
                    continue;
                }

                errno = WalkTable(address, pages, out needsFault);
                if (errno != Errno.None || needsFault)
                {
                    return errno;
                }
            }

            return Errno.None;
        }

        /// <summary>Faults in the page that the walk stopped at.</summary>
        public readonly FaultStatus Fault() => space.HandleFault(_area!, start + ((ulong)_at << PageSize.Shift4K), _needsWrite ? FaultKind.Write : FaultKind.Read);

        /// <summary>The page that the walk stopped at, for user space to serve.</summary>
        public readonly UserFault? Waiting =>
            _area?.UserFaults is { } handler ? new(handler, new(start + ((ulong)_at << PageSize.Shift4K)), _needsWrite) : null;

        /// <summary>Finds the area and how many pages of it follow in the same 2 MiB; what no device may look at is filled in at once.</summary>
        private Errno EnterArea(ulong address, out int pages)
        {
            int left = _frames.Length - _at;
            _area = address < AddressSpace.End ? space.Find(address) : null;
            if (_area is { } area && !area.Has(VmFlags.Io | VmFlags.PfnMap) && area.Has(VmFlags.Read))
            {
                ulong end = Math.Min(area.EndAddress, (address | (AddressSpace.HugeBytes - 1)) + 1);
                pages = (int)Math.Min((ulong)left, (end - address) >> PageSize.Shift4K);
                return Errno.None;
            }

            ulong next = _area?.EndAddress ?? (address >= AddressSpace.End ? ulong.MaxValue : space.AreaAt(space.FirstEndingAfter(address))?.StartAddress ?? ulong.MaxValue);
            pages = (int)Math.Min((ulong)left, (next - address) >> PageSize.Shift4K);
            for (int i = 0; i < pages; i++)
            {
                if (Wants(_at + i, out _))
                {
                    return _area is { } special && special.Has(VmFlags.Io | VmFlags.PfnMap) ? Errno.EINVAL : Errno.EFAULT;
                }

                Set(_at + i, (ulong)MirrorFlags.Error);
            }

            _area = null;
            return Errno.None;
        }

        private Errno WalkTable(ulong address, int pages, out bool needsFault)
        {
            needsFault = false;
            SchedulePoint.Reach("mirror: look");
            ulong* pmd = space.PmdOf(address);
            ulong value = pmd == null ? 0 : Volatile.Read(ref *pmd);
            if (value != 0 && !AddressSpace.IsTable(value))
            {
                return WalkHuge(new(value), address, pages, out needsFault);
            }

            ulong* first = value == 0 ? null : AddressSpace.EntryAt(AddressSpace.TableOf(value), address);
            for (int i = 0; i < pages; i++, _at++)
            {
                PageEntry entry = first == null ? default : new(Volatile.Read(ref first[i]));

                // What most pages are: there, with the rights that are asked for.
                if (entry.IsAccessible && !entry.IsSpecial)
                {
                    ulong found = entry.Key.Value | (ulong)MirrorFlags.Valid | (entry.IsWritable ? (ulong)MirrorFlags.Write : 0);
                    if (!IsMissing(_at, found, out _needsWrite))
                    {
                        Set(_at, found);
                        continue;
                    }
                }

                Errno errno = WalkEntry(entry, out needsFault);
                if (errno != Errno.None || needsFault)
                {
                    return errno;
                }
            }

            return Errno.None;
        }

        private Errno WalkEntry(PageEntry entry, out bool needsFault)
        {
            ulong found = Describe(entry, out bool isError);
            needsFault = IsMissing(_at, found, out _needsWrite);
            if (!needsFault)
            {
                Set(_at, isError ? (ulong)MirrorFlags.Error : found);
                return Errno.None;
            }

            return entry.Kind == PageEntryKind.HwPoison || isError || (entry.Kind == PageEntryKind.Marker && entry.Markers != PageMarkers.None) ? Refuse(out needsFault) : CheckFault(out needsFault);
        }

        /// <summary>What an entry says to a device.</summary>
        private readonly ulong Describe(PageEntry entry, out bool isError)
        {
            isError = false;
            if (entry.IsPresent)
            {
                if (!entry.IsAccessible)
                {
                    return 0;
                }

                isError = entry.IsSpecial && !space.Memory.IsZeroPage(entry.Key);
                return isError ? 0 : entry.Key.Value | (ulong)MirrorFlags.Valid | (entry.IsWritable ? (ulong)MirrorFlags.Write : 0);
            }

            if (entry.IsDevicePrivate && (request.ReportsForeign || IsOwn(entry)))
            {
                ulong write = entry.Kind == PageEntryKind.DevicePrivateWrite ? (ulong)MirrorFlags.Write : 0;
                return entry.Key.Value | (ulong)MirrorFlags.Valid | write;
            }

            return 0;
        }

        /// <summary>Whether a private page is the asking device's. The entry was read without a lock: its page, and even the whole device, may be gone.</summary>
        private readonly bool IsOwn(PageEntry entry)
        {
            SchedulePoint.Reach("mirror: owner");
            return request.Owner is { } owner && ReferenceEquals(space.Memory.OwnerOf(entry.Key), owner);
        }

        private Errno WalkHuge(PageEntry entry, ulong address, int pages, out bool needsFault)
        {
            ulong found = Describe(entry, out _);
            ulong into = (address & (AddressSpace.HugeBytes - 1)) >> PageSize.Shift4K;
            needsFault = false;
            int asked = request.Mask == MirrorFlags.None ? 1 : pages;
            for (int i = 0; i < asked; i++)
            {
                if (IsMissing(_at + i, found, out _needsWrite))
                {
                    _at += i;
                    return CheckFault(out needsFault);
                }
            }

            if (found == 0)
            {
                for (int i = 0; i < pages; i++)
                {
                    Set(_at + i, 0);
                }
            }
            else
            {
                FillRun(_frames.Slice(_at, pages), found + into + ((ulong)PhysicalMemory.HugeOrder << 53));
            }

            _at += pages;
            return Errno.None;
        }

        /// <summary>Fills in pages that follow each other, keeping what is sticky.</summary>
        private static void FillRun(Span<MirrorFrame> run, ulong first)
        {
            Span<ulong> words = MemoryMarshal.Cast<MirrorFrame, ulong>(run);
            int at = 0;
            Vector512<ulong> sticky = Vector512.Create((ulong)MirrorFlags.Sticky);
            Vector512<ulong> pages = Vector512<ulong>.Indices + Vector512.Create(first);
            for (; at <= words.Length - Vector512<ulong>.Count; at += Vector512<ulong>.Count)
            {
                // Eight pages at a time, each one behind the other: lane i is page at + i.
                Span<ulong> part = words.Slice(at, Vector512<ulong>.Count);
                ((Vector512.Create<ulong>(part) & sticky) | pages).CopyTo(part);
                pages += Vector512.Create((ulong)Vector512<ulong>.Count);
            }

            for (; at < words.Length; at++)
            {
                words[at] = (words[at] & (ulong)MirrorFlags.Sticky) | (first + (ulong)at);
            }
        }

        private readonly bool Wants(int index, out MirrorFlags flags)
        {
            flags = (_frames[index].Flags & request.Mask) | request.Default;
            return (flags & MirrorFlags.Valid) != MirrorFlags.None;
        }

        private readonly bool IsMissing(int index, ulong found, out bool needsWrite)
        {
            bool wants = Wants(index, out MirrorFlags flags);
            needsWrite = wants && (flags & MirrorFlags.Write) != MirrorFlags.None && (found & (ulong)MirrorFlags.Write) == 0;
            return needsWrite || (wants && (found & (ulong)MirrorFlags.Valid) == 0);
        }

        private readonly Errno CheckFault(out bool needsFault)
        {
            needsFault = !_needsWrite || _area!.Has(VmFlags.Write);
            return needsFault ? Errno.None : Errno.EPERM;
        }

        private static Errno Refuse(out bool needsFault)
        {
            needsFault = false;
            return Errno.EFAULT;
        }

        private readonly void Set(int index, ulong word) => _frames[index] = new((_frames[index].Value & (ulong)MirrorFlags.Sticky) | word);
    }
}
