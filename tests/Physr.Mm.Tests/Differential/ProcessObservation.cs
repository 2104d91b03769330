// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>What is to be seen of one process. <see cref="Hashes"/> count where a page is present in a readable VMA, see <see cref="Arena.Hash"/>; elsewhere they are 0.</summary>
internal sealed class ProcessObservation
{
    public List<VmaObservation> Vmas { get; } = [];

    public PageObservation[] Pages { get; } = new PageObservation[Arena.Pages];

    public ulong[] Hashes { get; } = new ulong[Arena.Pages];
}
