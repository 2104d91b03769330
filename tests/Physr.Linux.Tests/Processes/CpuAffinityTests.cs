// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Processes;
using Physr.Linux.Tests.Infrastructure;

namespace Physr.Linux.Tests.Processes;

/// <summary>A thread runs where it is kept.</summary>
public sealed class CpuAffinityTests
{
    [Fact]
    public void AThreadIsKeptOnOneProcessorAfterAnother()
    {
        (int[] allowed, List<int> seen, int[] back) = OwnThread.Run(static () =>
        {
            int[] all = CpuAffinity.Allowed();
            List<int> on = [];
            foreach (int cpu in all)
            {
                Assert.Equal(Errno.None, CpuAffinity.TryPin(0, cpu));
                Assert.Equal([cpu], CpuAffinity.Allowed());
                on.Add(CpuAffinity.Current());
            }

            Assert.Equal(Errno.None, CpuAffinity.TryAllow(CpuAffinity.ThreadId(), all));
            return (all, on, CpuAffinity.Allowed());
        });
        Assert.NotEmpty(allowed);
        Assert.Equal(allowed, seen);
        Assert.Equal(allowed, back);
    }

    [Fact]
    public void WhatCannotBeIsRefused()
    {
        Assert.Equal(Errno.EINVAL, CpuAffinity.TryPin(0, -1));
        Assert.Equal(Errno.EINVAL, CpuAffinity.TryPin(0, 8192));
        Assert.Equal(Errno.EINVAL, CpuAffinity.TryPin(0, 8191));
        Assert.Equal(Errno.EINVAL, CpuAffinity.TryAllow(0, []));
        Assert.Equal(Errno.ESRCH, CpuAffinity.TryPin(int.MaxValue, CpuAffinity.Allowed()[0]));
        Assert.NotEqual(CpuAffinity.ThreadId(), OwnThread.Run(CpuAffinity.ThreadId));
    }
}
