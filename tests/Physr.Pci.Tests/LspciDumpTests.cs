// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Dma;
using Physr.Pci.Routing;
using Physr.Pci.Sources;
using Physr.Pci.Spec;
using Physr.Pci.Tests.Infrastructure;
using Physr.Pci.Topology;

namespace Physr.Pci.Tests;

/// <summary>A dump of configuration space alone gives the same verdicts as the tree it was taken of.</summary>
public sealed class LspciDumpTests
{
    [Fact]
    public void TheTreeFollowsFromTheBusNumbers()
    {
        PciTopology topology = new SyntheticHost().HostDevice("0000:00:00.0", 0x8086, 0x2032).Switch(AcsControl.EgressControl, null, null).Build();
        Assert.True(LspciDump.TryRead(new StringReader(Dump(topology)), out PciSnapshot snapshot));
        var before = new P2PRouter(topology, new P2PRules(KernelRelease.Newest, false));
        var after = new P2PRouter(snapshot.Topology, snapshot.RulesFor());
        Assert.Equal(topology.Providers.Select(static f => f.Address), snapshot.Topology.Providers.Select(static f => f.Address));
        foreach (PciFunction a in topology.Endpoints)
        {
            foreach (PciFunction b in topology.Endpoints)
            {
                Assert.Equal(before.Route(a, b), after.Judge($"{a}", $"{b}").Route);
            }
        }

        Assert.Equal(P2PMapType.BusAddress, after.Judge("0000:04:00.0", "0000:05:00.0").MapType);
    }

    [Fact]
    public void GarbageAndCutDumpsAreReadAsFarAsTheyGo()
    {
        string dump = Dump(new SyntheticHost().Switch(null, null).Build());
        Assert.False(LspciDump.TryRead(new StringReader("no dump\n00: 11 22\n"), out _));
        for (int seed = 0; seed < 30; seed++)
        {
            var random = new Random(seed);
            var text = new StringBuilder(dump[..random.Next(dump.Length)]);
            for (int i = 0; i < 50 && text.Length != 0; i++)
            {
                text[random.Next(text.Length)] = (char)random.Next(128);
            }

            if (LspciDump.TryRead(new StringReader(text.ToString()), out PciSnapshot snapshot))
            {
                _ = P2PMatrix.Compute(new P2PRouter(snapshot.Topology, snapshot.RulesFor()));
            }
        }
    }

    private static string Dump(PciTopology topology)
    {
        var text = new StringBuilder();
        foreach (PciFunction function in topology.Functions)
        {
            byte[] bytes = function.Config!.Span.ToArray();
            PciFunction? child = topology.Functions.FirstOrDefault(f => ReferenceEquals(f.Upstream, function));
            if (function.HeaderType == PciHeaderType.Bridge)
            {
                bytes[ConfigRegister.PrimaryBus] = function.Address.Bus;
                bytes[ConfigRegister.SecondaryBus] = bytes[ConfigRegister.SubordinateBus] = child?.Address.Bus ?? 0;
            }
            else if (function.HasMemoryBar)
            {
                bytes[ConfigRegister.BaseAddress0 + 2] = 0x40;
            }

            text.Append($"{function} Some device: of some maker (rev 01)\n");
            for (int i = 0; i < bytes.Length; i += 16)
            {
                text.Append($"{i:x2}: {string.Join(' ', bytes.Skip(i).Take(16).Select(static b => $"{b:x2}"))}\n");
            }

            text.Append('\n');
        }

        return text.ToString();
    }
}
