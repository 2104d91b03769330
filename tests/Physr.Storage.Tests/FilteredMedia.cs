// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Tests;

/// <summary>A medium with a defect: some flushes or stores of another one are lost on the way. For tests that prove that a missing one is noticed.</summary>
internal sealed class FilteredMedia(PersistentMemory inner) : PersistentMemory(inner.Name, inner.Length, inner.Granularity)
{
    /// <summary>Which flushes do nothing.</summary>
    public Func<ulong, ulong, bool> ForgetsFlush { get; init; } = static (_, _) => false;

    /// <summary>Which stores do nothing.</summary>
    public Func<ulong, ulong, bool> ForgetsStore { get; init; } = static (_, _) => false;

    public override ReadOnlySpan<byte> ReadableAt(ulong offset, ulong length) => inner.ReadableAt(offset, length);

    public override Span<byte> WritableAt(ulong offset, ulong length) => default;

    public override Errno TryFence() => inner.TryFence();

    protected override void WriteCore(ulong offset, ReadOnlySpan<byte> source)
    {
        if (!ForgetsStore(offset, (ulong)source.Length))
        {
            Assert.Equal(Errno.None, inner.TryWrite(offset, source));
        }
    }

    protected override Errno FlushCore(ulong offset, ulong length) => ForgetsFlush(offset, length) ? Errno.None : inner.TryFlush(offset, length);
}
