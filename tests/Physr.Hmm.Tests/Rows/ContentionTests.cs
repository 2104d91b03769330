// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>Pages that move while others use them (the kernel's <c>migration.c</c> and <c>rmap.c</c>, section 4.7, between a device and RAM in place of NUMA nodes).</summary>
public sealed class ContentionTests
{
    [Theory]
    [InlineData(DeviceVariant.Private, false)]
    [InlineData(DeviceVariant.Private, true)]
    [InlineData(DeviceVariant.Coherent, false)]
    [InlineData(DeviceVariant.Coherent, true)]
    public void private_anon(DeviceVariant variant, bool isHuge) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(variant);
        ProcessMirror mirror = host.Open(device, process);
        VirtualAddress at = isHuge ? process.MapHuge(Huge) : process.Map(Huge);
        process.Put(at, new byte[Huge]);
        using CancellationTokenSource stop = new();
        ulong[] sums = new ulong[3];
        Thread[] threads = [.. Enumerable.Range(0, 3).Select(number => new Thread(() =>
        {
            // Every addition counts, wherever the page is at the time.
            for (ulong i = 0; !stop.IsCancellationRequested; i++)
            {
                VirtualAddress word = at.Add((i * 7 % 64 * Page) + (ulong)(number * 8));
                Assert.Equal(AccessOutcome.Done, process.AtomicAdd(word, 1, out _));
                sums[number]++;
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        for (int round = 0; round < 40; round++)
        {
            mirror.MigrateToDevice(at, new byte[64 * Page]);
            mirror.MigrateToSystem(at, 64 * Page);
        }

        stop.Cancel();
        Array.ForEach(threads, static thread => thread.Join());
        ulong[] seen = new ulong[3];
        for (ulong page = 0; page < 64; page++)
        {
            for (int number = 0; number < 3; number++)
            {
                Assert.Equal(AccessOutcome.Done, process.Load(at.Add((page * Page) + (ulong)(number * 8)), out ulong count));
                seen[number] += count;
            }
        }

        Assert.Equal(sums, seen);
    });

    [Theory]
    [InlineData(DeviceVariant.Private, false)]
    [InlineData(DeviceVariant.Private, true)]
    [InlineData(DeviceVariant.Coherent, true)]
    public void migrate_anon_of_a_tree_of_processes(DeviceVariant variant, bool isHuge) => Run(host =>
    {
        AddressSpace root = host.Process("root");
        MirrorDevice device = host.Device(variant);
        ProcessMirror mirror = host.Open(device, root);
        VirtualAddress at = isHuge ? root.MapHuge(Huge) : root.Map(Huge);
        root.Put(at, Numbers(Huge));
        List<AddressSpace> tree = [root];
        for (int depth = 0; depth < 3; depth++)
        {
            tree.AddRange(tree.ToArray().Select(host.Fork));
        }

        // All entries of all eight follow the pages.
        mirror.MigrateAll(at, Numbers(Huge));
        Assert.All(tree, process => Assert.Equal(variant == DeviceVariant.Coherent, process.IsPresent(at)));
        Assert.Equal(device.Pool.Pages - 512, device.Pool.FreePages);
        tree[5].Put(at, Numbers(Page, 9));
        Assert.Equal(0, device.EvictAll());
        foreach (AddressSpace process in tree)
        {
            process.Expect(at.Add(Page), Numbers(Huge).AsSpan(Page));
            process.Expect(at, Numbers(Page, process == tree[5] ? 9 : 0));
        }
    });
}
