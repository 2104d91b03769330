// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Paging.Control;

namespace Physr.Paging.Orders.Tests;

/// <summary>What a store's bytes are on: it outlives every pager, and fails when told.</summary>
internal sealed unsafe class Medium : IDisposable
{
    private readonly nint _memory;
    private readonly ulong[] _durable;
    private readonly bool[] _isWritten;
    private readonly ulong[] _before;

    public Medium(int pages)
    {
        // SAFETY: freed in Dispose; nobody asks after that.
        _memory = (nint)NativeMemory.AlignedAlloc((nuint)(pages * ControlLayout.PageBytes), ControlLayout.PageBytes);
        _durable = new ulong[pages];
        _isWritten = new bool[pages];
        _before = new ulong[pages];
        FailingReads = new int[pages];
        FailingWrites = new int[pages];
        Pages = pages;
    }

    public int Pages { get; }

    /// <summary>How many reads of each page are still to fail.</summary>
    public int[] FailingReads { get; }

    /// <summary>How many writes of each page are still to fail.</summary>
    public int[] FailingWrites { get; }

    /// <summary>How many flushes are still to fail.</summary>
    public int FailingFlushes { get; set; }

    /// <summary>Whether a pager maps it, rather than reading it.</summary>
    public bool IsMapped { get; set; }

    public void Reset()
    {
        for (int page = 0; page < Pages; page++)
        {
            PageContent.Poke(Address(page), Shadow.First(page));
            _durable[page] = Shadow.First(page);
        }

        Array.Clear(_isWritten);
        Mend();
        IsMapped = false;
    }

    /// <summary>Nothing fails any more.</summary>
    public void Mend()
    {
        Array.Clear(FailingReads);
        Array.Clear(FailingWrites);
        FailingFlushes = 0;
    }

    public nint Address(int page) => _memory + (page * ControlLayout.PageBytes);

    /// <summary>A page's bytes; <see cref="PageContent.Torn"/> while it is written.</summary>
    public ulong Bytes(int page) => PageContent.Peek(Address(page));

    /// <summary>A page's bytes after a power failure.</summary>
    public ulong Durable(int page) => _durable[page];

    /// <summary>A write begins: half of the page is there.</summary>
    public void Begin(int page)
    {
        Assert.False(_isWritten[page], $"page {page} is written to the store twice at once");
        (_isWritten[page], _before[page]) = (true, Bytes(page));
        *(ulong*)Address(page) = ~Bytes(page);
    }

    /// <summary>It ends.</summary>
    public void End(int page, ulong bytes)
    {
        _isWritten[page] = false;
        PageContent.Poke(Address(page), bytes);
    }

    /// <summary>What was written is durable; what is being written may be so or not.</summary>
    public void Flush()
    {
        for (int page = 0; page < Pages; page++)
        {
            _durable[page] = _isWritten[page] ? _before[page] : Bytes(page);
        }
    }

    /// <summary>The pager was killed: what it was writing stays as it is.</summary>
    public void Abandon() => Array.Clear(_isWritten);

    public void Dispose() => NativeMemory.AlignedFree((void*)_memory);
}
