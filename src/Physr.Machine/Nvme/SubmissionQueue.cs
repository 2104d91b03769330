// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme;

/// <summary>A submission queue as the controller keeps it.</summary>
internal sealed class SubmissionQueue
{
    public SubmissionQueue(int id, DmaAddress address, int size, CompletionQueue completions)
    {
        Id = id;
        Address = address;
        Size = size;
        Completions = completions;
    }

    public int Id { get; }

    public DmaAddress Address { get; }

    public int Size { get; }

    public CompletionQueue Completions { get; }

    /// <summary>The next entry to fetch.</summary>
    public int Head { get; private set; }

    /// <summary>One past the last entry that the host filled.</summary>
    public int Tail { get; private set; }

    public int Waiting => Distance(Head, Tail);

    /// <summary>Entries that can be fetched as one run: to the tail or to the end of the ring.</summary>
    public int WaitingContiguous => Tail >= Head ? Tail - Head : Size - Head;

    /// <summary>Takes a doorbell value; false where it lies outside the queue or would overfill it.</summary>
    public bool TryRing(uint tail)
    {
        if (tail >= (uint)Size || Distance(Tail, (int)tail) > Size - 1 - Waiting)
        {
            return false;
        }

        Tail = (int)tail;
        return true;
    }

    public void Advance(int entries) => Head = (Head + entries) % Size;

    private int Distance(int from, int to) => to >= from ? to - from : to - from + Size;
}
