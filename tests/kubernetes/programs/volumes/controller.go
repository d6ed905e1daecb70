// Makes and removes volumes of this node; growing them is the node's part alone.
package main

import (
	"context"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// What a volume has when the claim names no size, and the least that mkfs.xfs makes.
const (
	sizeBytesDefault = 1 << 30
	sizeBytesMin     = 16 << 20
)

type controller struct {
	csi.UnimplementedControllerServer
	node    string
	volumes *volumeStore
}

func (c *controller) ControllerGetCapabilities(
	context.Context, *csi.ControllerGetCapabilitiesRequest,
) (*csi.ControllerGetCapabilitiesResponse, error) {
	return &csi.ControllerGetCapabilitiesResponse{Capabilities: []*csi.ControllerServiceCapability{{
		Type: &csi.ControllerServiceCapability_Rpc{Rpc: &csi.ControllerServiceCapability_RPC{
			Type: csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME,
		}},
	}}}, nil
}

func (c *controller) CreateVolume(
	_ context.Context, request *csi.CreateVolumeRequest,
) (*csi.CreateVolumeResponse, error) {
	if request.GetVolumeContentSource() != nil {
		return nil, status.Error(codes.InvalidArgument, "a volume can only be made empty")
	}
	for _, capability := range request.GetVolumeCapabilities() {
		if capability.GetMount() == nil {
			return nil, status.Error(codes.InvalidArgument, "only file systems are offered, no block devices")
		}
	}
	sizeBytes := request.GetCapacityRange().GetRequiredBytes()
	if sizeBytes == 0 {
		sizeBytes = sizeBytesDefault
	}
	// The provisioner derives the name from the claim's UID, so that asking again finds the same volume.
	sizeBytes, err := c.volumes.create(request.GetName(), max(sizeBytes, sizeBytesMin))
	if err != nil {
		return nil, err
	}
	return &csi.CreateVolumeResponse{Volume: &csi.Volume{
		VolumeId:           request.GetName(),
		CapacityBytes:      sizeBytes,
		AccessibleTopology: []*csi.Topology{{Segments: map[string]string{nodeKey: c.node}}},
	}}, nil
}

func (c *controller) DeleteVolume(
	_ context.Context, request *csi.DeleteVolumeRequest,
) (*csi.DeleteVolumeResponse, error) {
	if err := c.volumes.remove(request.GetVolumeId()); err != nil {
		return nil, err
	}
	return &csi.DeleteVolumeResponse{}, nil
}

func (c *controller) ValidateVolumeCapabilities(
	_ context.Context, request *csi.ValidateVolumeCapabilitiesRequest,
) (*csi.ValidateVolumeCapabilitiesResponse, error) {
	return &csi.ValidateVolumeCapabilitiesResponse{
		Confirmed: &csi.ValidateVolumeCapabilitiesResponse_Confirmed{VolumeCapabilities: request.GetVolumeCapabilities()},
	}, nil
}
