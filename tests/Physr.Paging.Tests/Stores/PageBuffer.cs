// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Paging.Tests.Stores;

/// <summary>Whole pages of memory at an address that does not change, with a page of a known pattern on both sides.</summary>
internal sealed unsafe class PageBuffer : IDisposable
{
    public const int Page = 4096;
    private const byte Pattern = 0xa5;

    private readonly byte* _memory;
    private readonly int _bytes;

    public PageBuffer(int pages)
    {
        _bytes = pages * Page;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(_bytes + (2 * Page)), Page);
        new Span<byte>(_memory, _bytes + (2 * Page)).Fill(Pattern);
    }

    public nint Address => (nint)(_memory + Page);

    public Span<byte> Bytes => new(_memory + Page, _bytes);

    public Span<byte> At(int page, int count = 1) => Bytes.Slice(page * Page, count * Page);

    /// <summary>Whether nobody wrote beside it.</summary>
    public bool IsIntact => !new Span<byte>(_memory, Page).ContainsAnyExcept(Pattern) && !new Span<byte>(_memory + Page + _bytes, Page).ContainsAnyExcept(Pattern);

    public void Dispose()
    {
        Assert.True(IsIntact, "somebody wrote beside a buffer");
        NativeMemory.AlignedFree(_memory);
    }
}
