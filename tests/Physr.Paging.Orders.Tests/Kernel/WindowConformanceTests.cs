// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Faults;
using Physr.Linux.Memory;
using Physr.Paging.Control;
using Physr.Paging.Engine;

namespace Physr.Paging.Orders.Tests;

/// <summary>The simulated window answers as this system's kernel does: drawn calls go to both, and afterwards the page tables and the files agree.</summary>
public sealed class WindowConformanceTests
{
    private const int Pages = 4;
    private const int Rounds = 60;
    private const int Calls = 25;
    private const FaultFeatures Features = FaultFeatures.PagefaultFlagWriteProtect | FaultFeatures.MissingShmem | FaultFeatures.MinorShmem | FaultFeatures.WriteProtectShmem | FaultFeatures.Poison;

    [SkippableFact]
    public void TheSimulatedWindow_AnswersAsTheKernelDoes()
    {
        const nuint bytes = Pages * ControlLayout.PageBytes;
        using SafeFileHandle pagemap = File.OpenHandle("/proc/self/pagemap");
        for (int round = 0; round < Rounds; round++)
        {
            Random random = new(round);
            Errno errno = Userfaultfd.TryCreate(Features, out Userfaultfd? faults, out string reason);
            string? ci = Environment.GetEnvironmentVariable("CI");
            Assert.True(errno == Errno.None || ci != "true", reason);
            Skip.If(errno != Errno.None, reason);
            Assert.Equal(Errno.None, MemoryFile.TryCreate("window", bytes, out MemoryFile? file, out _));
            Assert.Equal(Errno.None, Mapping.TryMapGuarded(file!.Handle, 0, bytes, writable: true, out Mapping? mapping, out _));
            using (mapping)
            {
                Assert.Equal(Errno.None, faults!.TryRegister(mapping!.Address, bytes, FaultModes.Missing | FaultModes.Minor | FaultModes.WriteProtect, out reason));
                using UffdWindow real = new(faults, file, mapping.Address);
                Compare(random, real, mapping, file, pagemap);
            }
        }
    }

    private static unsafe void Compare(Random random, UffdWindow real, Mapping mapping, MemoryFile file, SafeFileHandle pagemap)
    {
        // SAFETY: room for the whole window, freed at the end; both windows read from it.
        nint source = (nint)System.Runtime.InteropServices.NativeMemory.AllocZeroed(Pages * ControlLayout.PageBytes);
        SimulatedKernel kernel = new(Pages) { KeepsPoison = KeepsPoison(real, mapping, source) };
        SimulatedWindow simulated = new(kernel, isFine: false);
        List<string> story = [];
        for (int call = 0; call < Calls; call++)
        {
            int page = random.Next(Pages);
            int count = 1 + random.Next(Pages - page);
            ulong bytes = (ulong)((call + 1) << 8);
            for (int at = 0; at < Pages; at++)
            {
                PageContent.Poke(source + (at * ControlLayout.PageBytes), bytes + (ulong)at);
            }

            int choice = random.Next(7);
            bool isWritable = random.Next(2) == 0;
            story.Add($"{choice} {page}+{count} {isWritable}");
            Assert.Equal((string.Join(", ", story), Do(simulated, choice, page, count, isWritable, source, kernel, null)), (string.Join(", ", story), Do(real, choice, page, count, isWritable, source, null, mapping)));
            for (int at = 0; at < Pages; at++)
            {
                Assert.Equal((string.Join(", ", story), at, kernel.Entry(at)), (string.Join(", ", story), at, Entry(pagemap, mapping, at)));
                nint seen = source;
                Assert.Equal(Errno.None, file.Read(seen, ControlLayout.PageBytes, (ulong)at * ControlLayout.PageBytes));
                Assert.Equal(kernel.Bytes(at), PageContent.Peek(seen));
            }
        }

        System.Runtime.InteropServices.NativeMemory.Free((void*)source);
    }

    /// <summary>Whether this kernel keeps a mark of poison where a page is to come.</summary>
    private static bool KeepsPoison(UffdWindow real, Mapping mapping, nint source)
    {
        Assert.Equal(Errno.None, real.Poison(0, ControlLayout.PageBytes));
        bool keeps = real.Publish(0, source, ControlLayout.PageBytes, isWritable: true, out _) == Errno.EEXIST;
        Assert.Equal(Errno.None, real.Remove(0, ControlLayout.PageBytes));
        Assert.Equal(Errno.None, mapping.Advise(mapping.Address, ControlLayout.PageBytes, MemoryAdvice.DontNeed));
        return keeps;
    }

    /// <summary>One call, in one window or the other. Poison goes only where there is no page, as the engine has it.</summary>
    private static (Errno Errno, ulong Done, ulong Next) Do(IWindow window, int choice, int page, int count, bool isWritable, nint source, SimulatedKernel? kernel, Mapping? mapping)
    {
        ulong offset = (ulong)page * ControlLayout.PageBytes;
        nuint length = (nuint)count * ControlLayout.PageBytes;
        nuint done = 0;
        Errno errno = choice switch
        {
            0 => window.Publish(offset, source, length, isWritable, out done),
            1 => window.Map(offset, length, isWritable, out done),
            2 => window.Protect(offset, length),
            3 => window.Unprotect(offset, length),
            4 => window.Remove(offset, length),
            5 when !window.TryNextResident(offset, out ulong first, out _) || first != offset => window.Poison(offset, ControlLayout.PageBytes),
            6 => DontNeed(page, kernel, mapping),
            _ => Errno.None,
        };
        return (errno, done, window.TryNextResident(0, out ulong start, out ulong end) ? start + end : 0);
    }

    private static Errno DontNeed(int page, SimulatedKernel? kernel, Mapping? mapping)
    {
        kernel?.DontNeed(page);
        return mapping?.Advise(mapping.Address + (page * ControlLayout.PageBytes), ControlLayout.PageBytes, MemoryAdvice.DontNeed) ?? Errno.None;
    }

    /// <summary>What this process's page table says: <c>Documentation/admin-guide/mm/pagemap.rst</c>.</summary>
    private static TableEntry Entry(SafeFileHandle pagemap, Mapping mapping, int page)
    {
        Span<byte> entry = stackalloc byte[sizeof(ulong)];
        Assert.Equal(sizeof(ulong), RandomAccess.Read(pagemap, entry, ((mapping.Address / ControlLayout.PageBytes) + page) * sizeof(ulong)));
        ulong word = BitConverter.ToUInt64(entry);
        (bool isPresent, bool isMark, bool isProtected) = ((word >> 63 & 1) != 0, (word >> 62 & 1) != 0, (word >> 57 & 1) != 0);
        return isPresent ? isProtected ? TableEntry.Protected : TableEntry.Writable : !isMark ? TableEntry.None : isProtected ? TableEntry.Marker : TableEntry.Poison;
    }
}
