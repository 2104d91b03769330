// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Physr.Linux.Memory;

namespace Physr.Paging.Victim;

/// <summary>The ways in which a program touches memory. All give the sum of a page's first words, or of all of them.</summary>
internal static unsafe class Access
{
    private const int Words = 4096 / sizeof(long);

    private static readonly long* s_buffer = (long*)NativeMemory.AlignedAlloc(4096, 4096);

    /// <summary>One way, on a page at an address; gives its first word, whatever else it touches.</summary>
    public delegate long Touch(long* page);

    /// <summary>All that need nothing but the address, by name.</summary>
    public static IReadOnlyDictionary<string, Touch> All { get; } = new Dictionary<string, Touch>(StringComparer.Ordinal)
    {
        ["leaf-load"] = LeafLoad,
        ["leaf-store"] = LeafStore,
        ["suppressed-transition"] = WithoutTransition,
        ["scalar-loop"] = ScalarLoop,
        ["vector-loop"] = VectorLoop,
        ["span-copy"] = SpanCopy,
        ["native-memory-copy"] = NativeMemoryCopy,
        ["memcpy"] = MemoryCopy,
    };

    /// <summary>Into a page by the kernel (<c>pread</c>) and out of it.</summary>
    public static long Kernel(MemoryFile file, long* page)
    {
        // The page's own bytes go out, and come in again.
        Errno errno = file.Write((nint)page, 4096, 0);
        errno = errno == Errno.None ? file.Read((nint)page, 4096, 0) : errno;
        return errno == Errno.None ? *page : throw new PhysrException("copy", "page", errno, "the kernel could not");
    }

    /// <summary>A method without loop or call: a thread can be stopped where it returns, and nowhere else.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static long LeafLoad(long* page) => *page;

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static long LeafStore(long* page)
    {
        page[1] = 0;
        return *page;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long WithoutTransition(long* page)
    {
        _ = Native.CopyWithoutTransition(s_buffer, page, sizeof(long));
        return *s_buffer;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static long ScalarLoop(long* page)
    {
        long sum = 0;
        for (int index = 0; index < Words; index++)
        {
            sum += page[index];
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static long VectorLoop(long* page)
    {
        Vector256<long> sum = default;
        for (int index = 0; index < Words; index += Vector256<long>.Count)
        {
            sum += Vector256.Load(page + index);
        }

        return Vector256.Sum(sum);
    }

    private static long SpanCopy(long* page)
    {
        new ReadOnlySpan<long>(page, 64).CopyTo(new Span<long>(s_buffer, 64));
        return *s_buffer;
    }

    private static long NativeMemoryCopy(long* page)
    {
        NativeMemory.Copy(page, s_buffer, 4096);
        return *s_buffer;
    }

    private static long MemoryCopy(long* page)
    {
        _ = Native.Copy(s_buffer, page, 4096);
        return *s_buffer;
    }
}
