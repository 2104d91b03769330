// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Loads and stores of the CPU.</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    // Bytes of a page are reached while it is held or while the lock of the table that maps it is, and never beyond it.
    // After so many faults that a driver says it served, while the page is still not there, the access gets a bus error.
    private const int MostFruitless = 64;

    /// <summary>Reads as the CPU would, page by page.</summary>
    public AccessResult Read(VirtualAddress address, Span<byte> destination)
    {
        fixed (byte* bytes = destination)
        {
            return Access(address.Value, bytes, (ulong)destination.Length, isWrite: false);
        }
    }

    /// <summary>Writes as the CPU would, page by page.</summary>
    public AccessResult Write(VirtualAddress address, ReadOnlySpan<byte> source)
    {
        fixed (byte* bytes = source)
        {
            return Access(address.Value, bytes, (ulong)source.Length, isWrite: true);
        }
    }

    /// <summary>Reads one value, which may lie across pages.</summary>
    public AccessOutcome Load<T>(VirtualAddress address, out T value)
        where T : unmanaged
    {
        value = default;
        return Read(address, MemoryMarshal.AsBytes(new Span<T>(ref value))).Outcome;
    }

    /// <summary>Writes one value, which may lie across pages.</summary>
    public AccessOutcome Store<T>(VirtualAddress address, T value)
        where T : unmanaged => Write(address, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(ref value))).Outcome;

    /// <summary>Adds to a number atomically, as seen by every thread of the host.</summary>
    /// <param name="address">A multiple of 8.</param>
    /// <param name="addend">What to add; wraps.</param>
    /// <param name="before">What was there.</param>
    /// <exception cref="ArgumentException">The address is no multiple of 8.</exception>
    public AccessOutcome AtomicAdd(VirtualAddress address, ulong addend, out ulong before)
    {
        if (!address.IsAligned(sizeof(ulong)))
        {
            throw new ArgumentException($"{address} is no multiple of 8.", nameof(address));
        }

        ulong value = addend;
        AccessResult result = Access(address.Value, (byte*)&value, sizeof(ulong), isWrite: true, isAtomicAdd: true);
        before = value;
        return result.Outcome;
    }

    private AccessResult Access(ulong address, byte* buffer, ulong length, bool isWrite, bool isAtomicAdd = false)
    {
        ThrowIfDisposed();
        ulong done = 0;
        EnterLive();
        try
        {
            while (done < length)
            {
                ulong at = address + done;
                int part = (int)Math.Min(length - done, PageSize.Size4K - (at & (PageSize.Size4K - 1)));
                if (!TryCopy(at, buffer + done, part, isWrite, isAtomicAdd))
                {
                    AccessOutcome outcome = FaultUntilCopied(at, buffer + done, part, isWrite, isAtomicAdd);
                    if (outcome != AccessOutcome.Done)
                    {
                        return new(outcome, done);
                    }
                }

                done += (ulong)part;
            }
        }
        finally
        {
            _lock.ExitRead();
        }

        return new(AccessOutcome.Done, done);
    }

    private AccessOutcome FaultUntilCopied(ulong address, byte* buffer, int length, bool isWrite, bool isAtomicAdd)
    {
        SpinWait spinner = default;
        int fruitless = 0;
        do
        {
            FaultStatus status = Fault(address, isWrite ? FaultKind.Write : FaultKind.Read);
            switch (status)
            {
                case FaultStatus.Done:
                    break;
                case FaultStatus.UserFault when ServeUserFault(address, isWrite):
                    break;
                case FaultStatus.Fruitless when ++fruitless < MostFruitless:
                    SchedulePoint.Relax(ref spinner);
                    break;
                case FaultStatus.Retry:
                    SchedulePoint.Wait("fault", ref spinner);
                    break;
                case FaultStatus.Fruitless:
                    Memory.Warn($"{Name}: the driver says {MostFruitless} times that it served the fault at 0x{address:x}, and the page is still with the device");
                    return AccessOutcome.BusError;
                default:
                    return OutcomeOf(status);
            }
        }
        while (!TryCopy(address, buffer, length, isWrite, isAtomicAdd));
        return AccessOutcome.Done;
    }

    internal static AccessOutcome OutcomeOf(FaultStatus status) => status switch
    {
        FaultStatus.OutOfMemory => AccessOutcome.OutOfMemory,
        FaultStatus.Poisoned => AccessOutcome.Poisoned,
        FaultStatus.MapError => AccessOutcome.MapError,
        FaultStatus.AccessError => AccessOutcome.AccessError,
        _ => AccessOutcome.BusError,
    };

    /// <summary>Moves bytes if the entry is there and allows it; else the CPU faults. The table's lock makes the access one step for whoever changes the entry.</summary>
    private bool TryCopy(ulong address, byte* buffer, int length, bool isWrite, bool isAtomicAdd)
    {
        if (address >= End)
        {
            return false;
        }

        ulong* pmd = PmdOf(address);
        if (pmd == null)
        {
            return false;
        }

        ulong value = Volatile.Read(ref *pmd);
        ulong* at = IsTable(value) ? EntryAt(TableOf(value), address) : pmd;
        ref int entryLock = ref LockOf(at);
        WordLock.Enter(ref entryLock, "page table lock");
        PageEntry entry = new(*at);
        if ((at == pmd && IsTable(entry.Value)) || !entry.IsAccessible || (isWrite && !entry.IsWritable))
        {
            WordLock.Exit(ref entryLock);
            return false;
        }

        ulong into = entry.IsHuge ? (address & (HugeBytes - 1)) >> PageSize.Shift4K : 0;
        byte* page = Memory.BytesOf(entry.Key.Add(into));
        if (page == null)
        {
            WordLock.Exit(ref entryLock);
            return false;
        }

        ulong used = PageEntry.YoungBit | (isWrite ? PageEntry.DirtyBit | PageEntry.SoftDirtyBit : 0);
        if ((entry.Value & used) != used)
        {
            *at = entry.Value | used;
        }

        page += address & (PageSize.Size4K - 1);
        if (isAtomicAdd)
        {
            ref ulong number = ref Unsafe.AsRef<ulong>(page);
            ulong added = *(ulong*)buffer;
            *(ulong*)buffer = Interlocked.Add(ref number, added) - added;
        }
        else if (isWrite)
        {
            Buffer.MemoryCopy(buffer, page, length, length);
        }
        else
        {
            Buffer.MemoryCopy(page, buffer, length, length);
        }

        WordLock.Exit(ref entryLock);
        return true;
    }
}
