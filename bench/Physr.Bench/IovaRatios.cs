// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Bench;

/// <summary>The IOVA allocator: pairs per second of freeing a random live run and taking another, sizes uniform in log2, with one thread and with two (each with half of
/// the live runs), against a C allocator that behaves as Linux's (<c>native/iova_baseline.c</c>).</summary>
internal static class IovaRatios
{
    private const double Least128K = 70e6;
    private const double Least1M = 12e6;
    private const double Scaling = 1.6;

    public static void Run(RatioTable table)
    {
        using NativeBaseline? native = NativeBaseline.TryCompile("iova_baseline", asProgram: false, out string why);
        if (native is null)
        {
            table.Skip("IOVA pairs of the C baseline", why);
        }

        foreach (int largest in (int[])[0, 5, 8])
        {
            // 32,768 runs of up to 1 MiB are 7 GiB: more than fit below 4 GiB.
            foreach (int live in largest == 8 ? (int[])[64, 1_024, 16_384, 32_768] : [64, 1_024, 16_384])
            {
                string what = $"IOVA pairs, 4 KiB{(largest == 0 ? "" : largest == 5 ? " to 128 KiB" : " to 1 MiB")}, {live:N0} live";
                double least = largest <= 5 ? Least128K : live >= 16_384 ? Least1M : 0;
                using IovaRig one = new(native, threads: 1, live, largest);
                using IovaRig two = new(native, threads: 2, live, largest);
                (double ours, double rival) = one.Measure();
                (double oursTwo, double rivalTwo) = two.Measure();
                table.Throughput($"{what}, one thread / C", ours, rival, least);
                table.Throughput($"{what}, two threads / C", oursTwo, rivalTwo, 0);
                table.AtLeast($"{what}, two threads / one", oursTwo / ours, rivalTwo / rival, Scaling, $"≥ {Scaling}");
            }
        }
    }
}
