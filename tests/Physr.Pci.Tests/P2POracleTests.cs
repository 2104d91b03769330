// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Routing;
using Physr.Pci.Spec;
using Physr.Pci.Tests.Infrastructure;
using Physr.Pci.Topology;

namespace Physr.Pci.Tests;

/// <summary>Random hosts, every ordered pair, against the naive oracle (rows R49 to R51).</summary>
public sealed class P2POracleTests
{
    private static readonly ushort[] HostIds = [0x29c0, 0x3c00, 0x3c01, 0x2f00, 0x2f01, 0x2030, 0x2032, 0x2020, 0x09a2, 0x0b25];

    [Fact]
    public void R49_R50_R51_RouterAgreesWithTheOracleOnRandomHosts()
    {
        for (int seed = 1; seed <= 150; seed++)
        {
            var random = new Random(seed);
            SyntheticHost host = Random(random);
            bool zen = random.Next(4) == 0;
            P2PRouter router = host.Router(zen);
            var oracle = new NaiveOracle(host.Records, zen);
            foreach (PciFunction provider in router.Topology.Functions)
            {
                foreach (PciFunction client in router.Topology.Functions)
                {
                    P2PVerdict ours = router.Judge(provider, client);
                    var expected = oracle.Judge(provider.Address, client.Address);
                    Assert.True(
                        expected == (ours.MapType, ours.Distance, ours.PathDistance, ours.Offenders()),
                        $"seed {seed}, {provider} to {client}: oracle {expected}, router {ours.MapType} {ours.Distance} {ours.PathDistance} {ours.Offenders()}");
                    Assert.Equal(ours.AcsRedirects.Count, ours.Route.RedirectCount);
                    Assert.NotEmpty(ours.Reasons);
                    _ = ours.Remedies;
                }
            }
        }
    }

    [Fact]
    public void R52a_AMatrixOf256EndpointsIsOfferedWhole()
    {
        var host = new SyntheticHost();
        for (int i = 0; i < 8; i++)
        {
            host.RootPort($"0000:00:{i + 1:x2}.0", i == 0 ? AcsControl.Redirects : null);
            for (int j = 0; j < 32; j++)
            {
                host.Endpoint($"0000:{i + 1:x2}:{j:x2}.0", $"0000:00:{i + 1:x2}.0");
            }
        }

        P2PRouter router = host.Router();
        P2PMatrix matrix = P2PMatrix.Compute(router);
        Assert.Equal(256, matrix.Providers.Count);
        Assert.Equal(256, matrix.Clients.Count);
        Assert.Equal(0, matrix[17, 17].Distance);
        Assert.Equal(-1, matrix[0, 1].Distance);
        Assert.Equal(2, matrix[32, 33].Distance);
        Assert.Equal(-1, matrix[0, 255].Distance);
    }

    private static SyntheticHost Random(Random random)
    {
        var host = new SyntheticHost();
        int hosts = random.Next(1, 4);
        for (int h = 0; h < hosts; h++)
        {
            uint domain = random.Next(3) == 0 ? 0x10000u : 0u;
            byte root = (byte)(h * 0x50);
            string prefix = $"{domain:x4}:{root:x2}";
            ushort id = HostIds[random.Next(HostIds.Length)];
            int device = random.Next(3) == 0 ? 2 : 0;
            if (random.Next(2) == 0)
            {
                host.HostDevice($"{prefix}:{device:x2}.0", 0x8086, id);
            }
            else
            {
                host.RootPort($"{prefix}:{device:x2}.0", Acs(random), 0x8086, id);
            }

            int ports = random.Next(1, 4);
            for (int p = 0; p < ports; p++)
            {
                string port = $"{prefix}:{p + 3:x2}.0";
                host.RootPort(port, Acs(random));
                Grow(host, random, domain, (byte)(root + 1 + (p * 24)), port, 0);
            }

            host.Endpoint($"{prefix}:1e.0", null, Acs(random));
        }

        return host;
    }

    /// <summary>Adds a bus below a bridge; gives how many buses were used.</summary>
    private static int Grow(SyntheticHost host, Random random, uint domain, byte bus, string parent, int depth)
    {
        string prefix = $"{domain:x4}:{bus:x2}";
        if (depth == 3 || random.Next(3) == 0)
        {
            host.Endpoint($"{prefix}:00.0", parent, Acs(random));
            if (random.Next(2) == 0)
            {
                host.Endpoint($"{prefix}:00.1", parent, Acs(random), memory: random.Next(2) == 0);
            }

            if (random.Next(3) == 0)
            {
                host.Endpoint($"{domain:x4}:{bus:x2}:1f.7", null, Acs(random), physical: $"{prefix}:00.0");
            }

            return 1;
        }

        int used = 1;
        int children = random.Next(1, 3);
        for (int c = 0; c < children; c++)
        {
            string port = $"{prefix}:{c:x2}.0";
            host.Port(port, parent, depth % 2 == 0 ? PciePortType.UpstreamPort : PciePortType.DownstreamPort, Acs(random));
            used += Grow(host, random, domain, (byte)(bus + used), port, depth + 1);
        }

        return used;
    }

    private static AcsControl? Acs(Random random) => random.Next(3) switch
    {
        0 => null,
        1 => random.Next(2) == 0 ? AcsControl.None : (AcsControl)0b101_0011,
        _ => (AcsControl)(random.Next(128) & random.Next(128)),
    };
}
