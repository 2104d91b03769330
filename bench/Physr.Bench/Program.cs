// Copyright (c) The Physr authors. Licensed under the MIT license.

using BenchmarkDotNet.Running;
using Physr.Bench;

// "ratios": quick interleaved comparisons in this process, as a Markdown table. Anything else: BenchmarkDotNet, for instance --filter '*RangeMap*'.
if (args is ["ratios"])
{
    RatioTable table = new(Console.Out);
    RangeMapRatios.Run(table);
    RangeListRatios.Run(table);
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(RatioTable).Assembly).Run(args);
}
