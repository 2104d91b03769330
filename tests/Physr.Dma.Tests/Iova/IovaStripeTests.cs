// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iova;

namespace Physr.Dma.Tests.Iova;

public sealed class IovaStripeTests
{
    /// <summary>The litmus of the barrier: both sides count in one word without an interlocked operation, and no count is lost. Without the process-wide barrier, or with the owner's two steps
    /// exchanged, each may miss the other's word in its store buffer.</summary>
    [Fact]
    public void R67d_OwnerAndFlusher_AreNeverInsideTogether()
    {
        IovaStripe stripe = new(1);
        long word = 0;
        long entered = 0;
        bool ends = false;
        Thread owner = new(() =>
        {
            while (!Volatile.Read(ref ends))
            {
                if (stripe.TryEnter())
                {
                    word++;
                    stripe.Exit();
                    entered++;
                }
            }
        });
        owner.Start();
        IovaStripe?[] all = [null, stripe];
        const int Rounds = 100_000;
        for (int i = 0; i < Rounds; i++)
        {
            IovaStripe.RevokeAll(all);
            stripe.WaitUntilIdle();
            word++;
            stripe.Restore();
        }

        Volatile.Write(ref ends, true);
        owner.Join();
        Assert.Equal(entered + Rounds, word);
    }
}
