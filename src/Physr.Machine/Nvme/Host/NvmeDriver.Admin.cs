// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Nvme.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Nvme.Host;

/// <content>Admin commands, one at a time.</content>
public sealed partial class NvmeDriver
{
    /// <summary>Sends an admin command and waits for it.</summary>
    private Errno Admin(SubmissionEntry entry, out uint result, out NvmeStatus status)
    {
        entry.Cdw0 = SubmissionEntry.Command(entry.Opcode, _admin!.NextId);
        SimTime deadline = _host.Now.Add(_options.CommandTimeout);
        ushort id = _admin.NextId;
        _admin.Push(entry, QueuePair.NoRequest, 0, deadline);
        _admin.Ring();
        while (true)
        {
            if (_admin.TryPop(out CompletionEntry completion, out _, out bool isForeign))
            {
                _admin.RingHead();
                result = completion.Result;
                status = completion.Status;
                return isForeign || completion.CommandId != id || !status.IsSuccess ? Errno.EIO : Errno.None;
            }

            result = 0;
            status = NvmeStatus.AbortedByHost;
            ControllerStatus controller = new(_host.ReadRegister32(NvmeRegister.Bar, NvmeRegister.CSTS));
            if (controller.IsGone || controller.IsFatal)
            {
                return controller.IsGone ? Errno.ENODEV : Errno.EIO;
            }

            if (!_host.Step() || _host.Now.CompareTo(deadline) > 0)
            {
                return Errno.ETIMEDOUT;
            }
        }
    }
}
