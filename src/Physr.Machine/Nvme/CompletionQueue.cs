// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme;

/// <summary>A completion queue as the controller keeps it, with the commands that wait for room in it.</summary>
internal sealed class CompletionQueue
{
    public CompletionQueue(int id, DmaAddress address, int size, int vector, bool interruptsEnabled)
    {
        Id = id;
        Address = address;
        Size = size;
        Vector = vector;
        InterruptsEnabled = interruptsEnabled;
    }

    public int Id { get; }

    public DmaAddress Address { get; }

    public int Size { get; }

    public int Vector { get; }

    public bool InterruptsEnabled { get; }

    /// <summary>The next entry that the host reads.</summary>
    public int Head { get; private set; }

    /// <summary>The next entry that the controller fills.</summary>
    public int Tail { get; private set; }

    /// <summary>The phase tag of the next entry.</summary>
    public bool Phase { get; private set; } = true;

    /// <summary>How many submission queues complete here.</summary>
    public int Users { get; set; }

    /// <summary>An interrupt is on its way; entries written meanwhile share it.</summary>
    public bool InterruptScheduled { get; set; }

    /// <summary>The first command that waits for room.</summary>
    public CommandSlot? FirstWaiting { get; private set; }

    private CommandSlot? LastWaiting { get; set; }

    public bool IsFull => Distance(Head, Tail) == Size - 1;

    public bool IsEmpty => Head == Tail;

    /// <summary>Takes a doorbell value; false where it lies outside the queue or frees entries that were not filled.</summary>
    public bool TryRing(uint head)
    {
        if (head >= (uint)Size || Distance(Head, (int)head) > Distance(Head, Tail))
        {
            return false;
        }

        Head = (int)head;
        return true;
    }

    public void Advance()
    {
        if (++Tail == Size)
        {
            Tail = 0;
            Phase = !Phase;
        }
    }

    public void Enqueue(CommandSlot slot)
    {
        slot.Next = null;
        if (LastWaiting is null)
        {
            FirstWaiting = slot;
        }
        else
        {
            LastWaiting.Next = slot;
        }

        LastWaiting = slot;
    }

    public CommandSlot? Dequeue()
    {
        CommandSlot? slot = FirstWaiting;
        if (slot is not null)
        {
            FirstWaiting = slot.Next;
            LastWaiting = FirstWaiting is null ? null : LastWaiting;
            slot.Next = null;
        }

        return slot;
    }

    private int Distance(int from, int to) => to >= from ? to - from : to - from + Size;
}
