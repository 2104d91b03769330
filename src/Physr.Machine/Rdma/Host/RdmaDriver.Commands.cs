// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Rdma.Spec;

namespace Physr.Machine.Rdma.Host;

/// <content>Commands: one at a time, each waited for.</content>
public sealed partial class RdmaDriver
{
    internal Errno Command(in RdmaCommand command, out ulong value)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        value = 0;
        if (_broken != Errno.None)
        {
            return _broken;
        }

        int slot = (int)(_commands & ((1U << CommandLog2) - 1));
        command.Write(_commandBuffer.Bytes[(slot * RdmaLimits.CommandSize)..]);
        uint count = _commands++;
        Host.WriteRegister32(0, RdmaRegisters.CommandDoorbell, _commands);
        Errno errno = WaitForResponse(count, slot, out RdmaResponse response);
        if (errno != Errno.None)
        {
            // The command may still be under way: what it was given must not be reached any more.
            _broken = errno;
            Host.WriteRegister32(0, RdmaRegisters.Control, 0);
            return errno;
        }

        value = response.Value;
        return response.Errno;
    }

    private Errno WaitForResponse(uint count, int slot, out RdmaResponse response)
    {
        for (uint steps = 1; ; steps++)
        {
            response = RdmaResponse.Read(_commandBuffer.Bytes[(RingOffset + (slot * RdmaLimits.ResponseSize))..]);
            if (response.Phase == RdmaCompletion.PhaseOf(count, CommandLog2))
            {
                return response.CommandCount == count ? Errno.None : Errno.EIO;
            }

            bool ran = Host.Step();
            if (ran && steps % StepsBetweenLooks != 0)
            {
                continue;
            }

            Errno errno = LookAtDevice();
            if (errno != Errno.None || !ran)
            {
                return errno != Errno.None ? errno : Errno.ETIMEDOUT;
            }
        }
    }

    private Errno Start()
    {
        Host.WriteRegister32(0, RdmaRegisters.Control, 0);
        Host.WriteRegister64(0, RdmaRegisters.CommandRing, _commandBuffer.Address.Value);
        Host.WriteRegister64(0, RdmaRegisters.ResponseRing, _commandBuffer.Address.Add(RingOffset).Value);
        Host.WriteRegister32(0, RdmaRegisters.CommandRingLog2, CommandLog2);
        Host.WriteRegister32(0, RdmaRegisters.Control, RdmaRegisters.ControlEnable);
        MaxSendSize = Host.ReadRegister32(0, RdmaRegisters.MaxSendSize);
        Errno errno = LookAtDevice();
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = Command(new() { Opcode = RdmaCommandOpcode.AllocateDomain }, out ulong domain);
        _domain = (uint)domain;
        return errno;
    }

    private uint ReadStatus() => Host.ReadRegister32(0, RdmaRegisters.Status);

    private Errno LookAtDevice()
    {
        uint status = ReadStatus();
        if (status == uint.MaxValue)
        {
            return Errno.ENODEV;
        }

        return (status & RdmaRegisters.StatusFatal) != 0 || (status & RdmaRegisters.StatusReady) == 0 ? Errno.EIO : Errno.None;
    }
}
