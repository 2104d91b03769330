// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Memory;

namespace Physr.Mm;

/// <summary>A page of RAM or of a device, by its descriptor. It holds nothing: whoever uses it holds a reference, or a lock below which one is held.</summary>
internal readonly unsafe struct Page : IEquatable<Page>
{
    public readonly PageDescriptor* Descriptor;
    public readonly PageKey Key;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Page(PageDescriptor* descriptor, PageKey key)
    {
        Descriptor = descriptor;
        Key = key;
    }

    public bool IsNull => Descriptor == null;

    public bool IsRam => Descriptor->PagemapId == 0;

    public PageFlags Flags => (PageFlags)Volatile.Read(ref Descriptor->FlagBits);

    public int Order => Descriptor->OrderValue;

    public int Pages => 1 << Descriptor->OrderValue;

    public int References => Volatile.Read(ref Descriptor->ReferenceCount);

    public int Pins => Volatile.Read(ref Descriptor->PinCount);

    public bool IsAnonymous => Has(PageFlags.Anonymous);

    /// <summary>The head of the large page it lies in; itself where it stands alone or heads one.</summary>
    public Page Head
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            // SAFETY: descriptors of one large page lie beside each other, and a tail says how far its head is.
            uint distance = Descriptor->HeadDistance;
            return distance == 0 || !Has(PageFlags.Tail) ? this : new(Descriptor - distance, new(Key.Value - distance));
        }
    }

    /// <summary>How many entries of page tables map this very page, alone or as a part.</summary>
    public int MapCount => Volatile.Read(ref Descriptor->MapCount) + (Has(PageFlags.Head | PageFlags.Tail) ? Head.Descriptor->EntireMapCount : 0);

    /// <summary>How many entries map the large page or parts of it; asked of the head.</summary>
    public int TotalMapCount
    {
        get
        {
            int count = Descriptor->EntireMapCount;
            for (int i = 0; i < Pages; i++)
            {
                count += Volatile.Read(ref Descriptor[i].MapCount);
            }

            return count;
        }
    }

    /// <summary>The page so many above in the same large page.</summary>
    public Page At(int index) => new(Descriptor + index, Key.Add((ulong)index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Has(PageFlags any) => (Flags & any) != PageFlags.None;

    public PageFlags Set(PageFlags flags) => (PageFlags)Interlocked.Or(ref Descriptor->FlagBits, (ulong)flags);

    public PageFlags Clear(PageFlags flags) => (PageFlags)Interlocked.And(ref Descriptor->FlagBits, ~(ulong)flags);

    /// <summary>One more reference; asked of the head, by who holds one or sees it mapped below the table's lock.</summary>
    public void Get(int count = 1) => Interlocked.Add(ref Descriptor->ReferenceCount, count);

    /// <summary>One more reference that is a pin.</summary>
    public void Pin(int count = 1) => Interlocked.Add(ref Descriptor->ReferencesAndPins, ((long)count << 32) + count);

    /// <summary>One more entry of a page table maps the page alone.</summary>
    public void AddMapping() => Interlocked.Increment(ref Descriptor->MapCount);

    public void RemoveMapping()
    {
        int left = Interlocked.Decrement(ref Descriptor->MapCount);
        if (left < 0)
        {
            throw new PhysrException("unmap page", Key.ToString(), Errno.EINVAL, "it is mapped nowhere");
        }
    }

    /// <summary>One more entry maps the whole large page.</summary>
    public void AddEntireMapping(int change)
    {
        ushort seen = Volatile.Read(ref Descriptor->EntireMapCount);
        while (true)
        {
            ushort before = Interlocked.CompareExchange(ref Descriptor->EntireMapCount, checked((ushort)(seen + change)), seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    public bool TryLock() => (Set(PageFlags.Locked) & PageFlags.Locked) == PageFlags.None;

    public void Unlock()
    {
        Interleaving.SchedulePoint.Reach("page unlock");
        if ((Clear(PageFlags.Locked) & PageFlags.Locked) == PageFlags.None)
        {
            throw new PhysrException("unlock page", Key.ToString(), Errno.EINVAL, "the page is not locked");
        }
    }

    public void Lock()
    {
        Interleaving.SchedulePoint.Reach("page lock");
        SpinWait spinner = default;
        while (!TryLock())
        {
            Interleaving.SchedulePoint.Wait("page lock", ref spinner);
        }
    }

    /// <summary>Waits until nobody has the page locked, without taking the lock.</summary>
    public void WaitUnlocked()
    {
        SpinWait spinner = default;
        while (Has(PageFlags.Locked))
        {
            Interleaving.SchedulePoint.Wait("page unlocked", ref spinner);
        }
    }

    public bool Equals(Page other) => Descriptor == other.Descriptor;

    public override bool Equals(object? obj) => obj is Page other && Equals(other);

    public override int GetHashCode() => Key.GetHashCode();

    public override string ToString() => IsNull ? "no page" : $"{Key} ({Flags}, {References} references, {MapCount} mappings)";
}
