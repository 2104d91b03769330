// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Storage.Pmem;
using static Physr.Storage.Tests.Pmem.PmemHost;

namespace Physr.Storage.Tests.Pmem;

/// <summary>Each allocation that can fail fails once, row R91.</summary>
public sealed class PmemFailNthTests
{
    [Theory]
    [InlineData(NamespaceMode.Raw, MapLocation.Ram)]
    [InlineData(NamespaceMode.FsDax, MapLocation.Ram)]
    [InlineData(NamespaceMode.FsDax, MapLocation.Device)]
    [InlineData(NamespaceMode.DevDax, MapLocation.Ram)]
    [InlineData(NamespaceMode.Sector, MapLocation.Ram)]
    public void R91a_AttachCreateAndEnableSurviveEachFailure_AndLeaveNothing(NamespaceMode mode, MapLocation map)
    {
        IReadOnlySet<string> sites = FailNth.Repeat(mode is NamespaceMode.Raw or NamespaceMode.Sector ? 3 : 8, gate =>
        {
            using MemoryMedia image = new("pmem0", (16 * MiB) + LabelArea.UsualBytes);
            MemoryMap memory = new(new() { AllocationGate = gate });
            bool passed = Run(memory, image, gate, mode, map);
            AssertNothingLeft(memory);

            // What was made is on the medium, whole; what failed is not.
            using PmemHost after = new(0, image: image, initialize: false);
            Assert.Empty(after.Region.Problems);
            Assert.True(!passed || after.Region.Namespaces.Count == 1);
            return passed;
        });
        Assert.Contains("namespace enable", sites);
        Assert.Contains("namespace", sites);
        Assert.Contains("providers", sites);
    }

    private static bool Run(MemoryMap memory, MemoryMedia image, FailNthGate gate, NamespaceMode mode, MapLocation map)
    {
        (PersistentMemory data, PersistentMemory labels) = PmemRegion.OverImage(image);
        Errno errno = PmemRegion.TryAttach(memory, new(4 * GiB), data, labels, new() { AllocationGate = gate }, out PmemRegion? region, out string reason);
        if (errno != Errno.None)
        {
            Assert.Equal(Errno.ENOMEM, errno);
            Assert.NotEmpty(reason);
            return false;
        }

        Assert.Equal(Errno.None, region!.TryInitializeLabels(force: false, out _));
        errno = region.TryCreate(new(mode) { Map = map }, out PmemNamespace? made, out reason);
        Errno enabled = errno == Errno.None ? made!.TryEnable(out reason) : Errno.None;
        foreach (Errno each in (Errno[])[errno, enabled])
        {
            Assert.True(each is Errno.None or Errno.ENOMEM, $"{each}");
            Assert.True(each == Errno.None || reason.Length != 0);
        }

        if (enabled == Errno.ENOMEM)
        {
            // The same call goes well when there is memory again.
            Assert.Equal(Errno.None, made!.TryEnable(out _));
        }

        Assert.Equal(Errno.None, made?.TryDisable(out _) ?? Errno.None);
        Assert.Equal(Errno.None, region.TryDetach(out _));
        return errno == Errno.None && enabled == Errno.None;
    }
}
