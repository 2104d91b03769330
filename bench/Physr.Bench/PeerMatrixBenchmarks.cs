// Copyright (c) The Physr authors. Licensed under the MIT license.

using BenchmarkDotNet.Attributes;
using Physr.Pci.Routing;
using Physr.Pci.Topology;

namespace Physr.Bench;

/// <summary>BenchmarkDotNet: the tree and the verdict matrix of <see cref="PeerHost"/>.</summary>
[MemoryDiagnoser]
public class PeerMatrixBenchmarks
{
    private readonly PciFunctionRecord[] _records = PeerHost.Describe();
    private PciTopology _topology = null!;
    private P2PRouter _warm = null!;

    [GlobalSetup]
    public void Setup()
    {
        _topology = PeerHost.Build(_records);
        _warm = PeerHost.Route(_topology);
    }

    [Benchmark]
    public PciTopology BuildTree() => PeerHost.Build(_records);

    [Benchmark]
    public P2PMatrix MatrixOfNewRouter() => P2PMatrix.Compute(PeerHost.Route(_topology));

    [Benchmark]
    public P2PMatrix MatrixOfKeptVerdicts() => P2PMatrix.Compute(_warm);
}
