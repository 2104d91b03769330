// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Memory;

namespace Physr.Linux.Tests.Memory;

/// <summary>Mappings begin where they should, have guards around, and go when they are disposed of. What lies around is read from <c>/proc/self/maps</c>: touching it would end the tests.</summary>
public sealed unsafe class MappingTests
{
    private const int Page = 4096;
    private const int Huge = 2 << 20;

    [Fact]
    public void AGuardedMappingIsAligned_AndNobodyMayTouchWhatIsAround()
    {
        Assert.Equal(Errno.None, MemoryFile.TryCreate("guarded", 8 * Page, out MemoryFile? made, out _));
        using MemoryFile file = made!;
        Assert.Equal(Errno.None, Mapping.TryMapGuarded(file.Handle, 2 * Page, 4 * Page, true, out Mapping? view, out string reason));
        Assert.Equal("", reason);
        nint address = view!.Address;
        Assert.Equal((0, (nuint)(4 * Page)), (address % Huge, view.Length));
        Assert.Equal("rw-s", AccessAt(address));
        Assert.Equal("rw-s", AccessAt(address + (4 * Page) - 1));
        Assert.All((nint[])[-1, -Mapping.GuardBytes, 4 * Page, (4 * Page) + Mapping.GuardBytes - 1], offset => Assert.Equal("---p", AccessAt(address + offset)));
        *(byte*)address = 7;
        byte seen;
        Assert.Equal(Errno.None, file.Read((nint)(&seen), 1, 2 * Page));
        Assert.Equal(7, seen);
        Assert.Contains("VmFlags:", FlagsAt(address), StringComparison.Ordinal);
        Assert.Contains(" dc ", FlagsAt(address), StringComparison.Ordinal);
        view.Dispose();
        Assert.All((nint[])[-Mapping.GuardBytes, 0, 4 * Page], offset => Assert.NotEqual("rw-s", AccessAt(address + offset)));
        Assert.Throws<ObjectDisposedException>(() => view.Advise(address, Page, MemoryAdvice.DontNeed));
    }

    [Fact]
    public void ReservedAddressesTakeNothing_AndAnonymousMemoryIsZeros()
    {
        Assert.Equal(Errno.None, Mapping.TryReserve((nuint)1 << 40, out Mapping? reserved, out string reason));
        Assert.Equal("", reason);
        Assert.Equal("---p", AccessAt(reserved!.Address));
        reserved.Dispose();
        Assert.Equal(Errno.None, Mapping.TryMapAnonymous(3 * Page, hugeAligned: true, out Mapping? made, out _));
        using Mapping memory = made!;
        Assert.Equal((0, (nuint)(3 * Page)), (memory.Address % Huge, memory.Length));
        Span<byte> bytes = new((byte*)memory.Address, 3 * Page);
        Assert.False(bytes.ContainsAnyExcept((byte)0));
        bytes.Fill(9);
        Assert.Equal(Errno.None, memory.Advise(memory.Address + Page, Page, MemoryAdvice.DontNeed));
        Assert.Equal((9, 0, 9), (bytes[0], bytes[Page], bytes[2 * Page]));
    }

    [Fact]
    public void ProtectionChanges_AndNothingOutsideOfTheMapping()
    {
        Assert.Equal(Errno.None, Mapping.TryMapAnonymous(4 * Page, false, out Mapping? made, out _));
        using Mapping memory = made!;
        Assert.Equal(Errno.None, memory.Protect(memory.Address + Page, Page, read: true, write: false));
        Assert.Equal(("rw-p", "r--p"), (AccessAt(memory.Address), AccessAt(memory.Address + Page)));
        Assert.Equal(Errno.EFAULT, memory.Advise(memory.Address + Page, Page, MemoryAdvice.PopulateWrite) is Errno.EFAULT or Errno.EINVAL ? Errno.EFAULT : Errno.None);
        Assert.Equal(Errno.None, memory.Protect(memory.Address + Page, Page, read: false, write: false));
        Assert.Equal("---p", AccessAt(memory.Address + Page));
        Assert.Equal(Errno.ENXIO, memory.Protect(memory.Address + (3 * Page), 2 * Page, true, true));
        Assert.Equal(Errno.ENXIO, memory.Advise(memory.Address - Page, Page, MemoryAdvice.DontNeed));
        Assert.Equal(Errno.ENXIO, memory.Advise(memory.Address, nuint.MaxValue, MemoryAdvice.DontNeed));
        Assert.Equal(Errno.EINVAL, memory.Advise(memory.Address + 1, Page, MemoryAdvice.DontNeed));
    }

    [Fact]
    public void ALengthThatCannotBeMappedIsExplained()
    {
        foreach (nuint length in (nuint[])[0, 1, Page + 1])
        {
            Assert.Equal(Errno.EINVAL, Mapping.TryReserve(length, out Mapping? mapping, out string reason));
            Assert.Null(mapping);
            Assert.Contains($"a multiple of {Page}", reason, StringComparison.Ordinal);
            Assert.Equal(Errno.EINVAL, Mapping.TryMapAnonymous(length, true, out _, out _));
        }

        Assert.Equal(Errno.ENOMEM, Mapping.TryReserve((nuint)1 << 60, out _, out string no));
        Assert.Contains("addresses are short", no, StringComparison.Ordinal);
        Assert.Equal(Errno.None, MemoryFile.TryCreate("file", 2 * Page, out MemoryFile? made, out _));
        using MemoryFile file = made!;
        Assert.Equal(Errno.EINVAL, Mapping.TryMapGuarded(file.Handle, 1, Page, false, out _, out no));
        Assert.Contains("multiples of the file's page", no, StringComparison.Ordinal);
    }

    private static string AccessAt(nint address)
    {
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            string[] parts = line.Split(' ', 3);
            string[] ends = parts[0].Split('-');
            if (Convert.ToUInt64(ends[0], 16) <= (ulong)address && (ulong)address < Convert.ToUInt64(ends[1], 16))
            {
                return parts[1];
            }
        }

        return "";
    }

    /// <summary>The kernel's flags of the mapping that starts there.</summary>
    private static string FlagsAt(nint address)
    {
        string start = $"{address:x}-";
        return File.ReadLines("/proc/self/smaps").SkipWhile(line => !line.StartsWith(start, StringComparison.Ordinal)).First(static line => line.StartsWith("VmFlags:", StringComparison.Ordinal)) + " ";
    }
}
