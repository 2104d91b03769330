// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Routing;
using Physr.Pci.Topology;

namespace Physr.Pci.Tests.Infrastructure;

public static class RouterExtensions
{
    public static PciFunction At(this P2PRouter router, string address)
    {
        Assert.True(router.Topology.TryFind(PciAddress.Parse(address), out PciFunction? function));
        return function;
    }

    public static P2PVerdict Judge(this P2PRouter router, string provider, string client) => router.Judge(router.At(provider), router.At(client));

    public static string Offenders(this P2PVerdict verdict) => string.Join(", ", verdict.AcsRedirects);
}
